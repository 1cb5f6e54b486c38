// Rows in pages and rows as a stream, from a real server.

import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { eq } from '../src/filters.js'
import { Atomicbase, AtomicbaseError, bigint } from '../src/index.js'
import { inTurn, json, type Respond, recordingServer } from './recording_server.js'

describe('pages', () => {
  test('a page tells where the next begins and the one before ends', async () => {
    const { url, received } = await recordingServer(
      json(200, { data: [{ id: 'b' }], next: 'n', prev: 'p', count: 3 }),
    )
    const query = new Atomicbase({ url }).database('acme').from('tasks').select().orderBy('id').limit(1)
    expect(await query.cursor('c').count()).toEqual({
      data: [{ id: 'b' }],
      error: null,
      next: 'n',
      prev: 'p',
      count: 3,
    })
    expect(received[0]?.body).toEqual({ order: [{ id: 'asc' }], limit: 1, cursor: 'c' })
  })

  /** Five rows, in pages of the limit asked for. */
  const fiveRows: Respond = (received, response) => {
    const { cursor = '0', limit = 100 } = received.body as { cursor?: string; limit?: number }
    const from = Number(cursor)
    const data = Array.from({ length: Math.min(limit, 5 - from) }, (_, i) => ({ id: from + i }))
    json(200, from + limit < 5 ? { data, next: String(from + limit) } : { data })(received, response)
  }

  test('a loop over all rows fetches the pages that it needs', async () => {
    const { url, received } = await recordingServer(fiveRows)
    const query = new Atomicbase({ url }).database('acme').from('tasks').select(['id']).limit(2)

    const ids: number[] = []
    for await (const { id } of query.all()) ids.push(id)
    expect(ids).toEqual([0, 1, 2, 3, 4])
    expect(received.map(({ body }) => body)).toEqual([
      { select: ['id'], limit: 2 },
      { select: ['id'], limit: 2, cursor: '2' },
      { select: ['id'], limit: 2, cursor: '4' },
    ])

    for await (const { id } of query.all()) if (id === 1) break
    expect(received).toHaveLength(4)
  })

  test('a loop over pages begins where a cursor says', async () => {
    const { url } = await recordingServer(fiveRows)
    const query = new Atomicbase({ url }).database('acme').from('tasks').select().limit(2).cursor('2')
    const pages: unknown[] = []
    for await (const page of query.pages()) pages.push(page)
    expect(pages).toEqual([
      { data: [{ id: 2 }, { id: 3 }], error: null, next: '4' },
      { data: [{ id: 4 }], error: null },
    ])
  })

  test('a loop throws what a query would have as its error', async () => {
    const expired = json(400, { code: 'CURSOR_EXPIRED', detail: 'The table has changed.' })
    const { url } = await recordingServer(inTurn(json(200, { data: [{ id: 1 }], next: 'n' }), expired))
    const rows = new Atomicbase({ url }).database('acme').from('tasks').select().all()
    expect(await rows.next()).toEqual({ done: false, value: { id: 1 } })
    await expect(rows.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', status: 400 })
  })

  test('what has no cursor is not looped over: the loop would end after a page', async () => {
    const tasks = new Atomicbase({ url: 'http://localhost' }).database('acme').from('tasks').select(['a'])
    for (const query of [tasks.offset(1), tasks.groupBy('a'), tasks.distinct()]) {
      await expect(query.all().next()).rejects.toThrow(TypeError)
    }
  })
})

describe('an export', () => {
  const header = { 'Content-Type': 'application/x-ndjson' }

  test('is one request whose rows come as they are read', async () => {
    const text = '{"id":"9007199254740993","name":"größe"}\n{"id":1,"name":"a\\nb"}\n'
    const bytes = new TextEncoder().encode(text)
    const { url, received } = await recordingServer(async (_, response) => {
      response.writeHead(200, header)
      for (const byte of bytes) await new Promise((resolve) => response.write(Uint8Array.of(byte), resolve))
      response.end()
    })
    const query = new Atomicbase({ url })
      .database('acme')
      .from('tasks')
      .select([bigint('id'), 'name'])
    const rows: unknown[] = []
    for await (const row of query.where(eq('name', 'x')).export()) rows.push(row)
    expect(rows).toEqual([
      { id: 9007199254740993n, name: 'größe' },
      { id: 1n, name: 'a\nb' },
    ])
    expect(received).toMatchObject([
      {
        url: '/data/query/tasks',
        headers: {
          accept: 'application/x-ndjson',
          database: 'acme',
          prefer: 'operation=select, bigint=string',
        },
        body: { select: ['id', 'name'], where: [{ name: { eq: 'x' } }] },
      },
    ])
  })

  test('that nobody takes holds the server back, and one that is left ends it', async () => {
    const line = `${JSON.stringify({ text: 'x'.repeat(1000) })}\n`
    let sent = 0
    let ended = () => {}
    const end = new Promise<void>((resolve) => {
      ended = resolve
    })
    let full = () => {}
    const filled = new Promise<void>((resolve) => {
      full = resolve
    })
    const { url } = await recordingServer(async (_, response) => {
      response.writeHead(200, header).on('close', ended)
      // Of 1 GB, far more than all the buffers on the way hold.
      while (sent < 1_000_000 && !response.destroyed) {
        sent += 1
        if (response.write(line)) continue
        full()
        await Promise.race([once(response, 'drain'), end])
      }
    })
    const rows = new Atomicbase({ url }).database('acme').from('tasks').select().export()
    expect((await rows.next()).value).toEqual({ text: 'x'.repeat(1000) })
    await filled
    await rows.return()
    await end
    expect(sent).toBeLessThan(500_000)
  })

  test('that breaks off is an error, however it breaks', async () => {
    const cut: Respond = async (_, response) => {
      response.writeHead(200, header)
      await new Promise((resolve) => response.write('{"id":1}\n{"id":2', resolve))
      response.destroy()
    }
    const short: Respond = (_, response) => void response.writeHead(200, header).end('{"id":1}\n{"id":2')
    const { url } = await recordingServer(inTurn(cut, short))
    const query = new Atomicbase({ url }).database('acme').from('tasks').select()
    for (const code of ['NETWORK_ERROR', 'UNEXPECTED_ANSWER']) {
      const rows = query.export()
      expect((await rows.next()).value).toEqual({ id: 1 })
      const error = await rows.next().catch((caught) => caught)
      expect(error).toBeInstanceOf(AtomicbaseError)
      expect(error.code).toBe(code)
    }
  })

  test('is begun again while the server is busy, and refused in its words', async () => {
    const busy = json(503, { code: 'MIGRATION_IN_PROGRESS' }, { 'Retry-After': '0' })
    const refused = json(403, { code: 'FORBIDDEN', detail: 'Only a service key exports.' })
    const { url, received } = await recordingServer(inTurn(busy, refused))
    const rows = new Atomicbase({ url }).database('acme').from('tasks').select().export()
    await expect(rows.next()).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
    expect(received).toHaveLength(2)
  })

  test('that stalls is given up', async () => {
    const { url } = await recordingServer((_, response) => {
      response.writeHead(200, header).write('{"id":1}\n')
    })
    const rows = new Atomicbase({ url, timeoutMs: 50 }).database('acme').from('tasks').select().export()
    expect((await rows.next()).value).toEqual({ id: 1 })
    await expect(rows.next()).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
