// What happens between a call and its answer: repeats, time limits, ends, and answers that are not ours.

import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Atomicbase } from '../src/index.js'
import { environmentKey } from '../src/runtime.js'
import { inTurn, json, type Respond, recordingServer } from './recording_server.js'

const busy = (retryAfter?: string): Respond =>
  json(
    503,
    { code: 'MIGRATION_IN_PROGRESS', detail: 'The database is moving.' },
    retryAfter === undefined ? {} : { 'Retry-After': retryAfter },
  )

describe('a busy server', () => {
  test('reads are sent again when it says when to come back', async () => {
    const { url, received } = await recordingServer(inTurn(busy('0'), busy('0'), json(200, { data: [] })))
    const { error } = await new Atomicbase({ url }).database('acme').from('tasks').select()
    expect(error).toBeNull()
    expect(received).toHaveLength(3)
  })

  test('reads are sent four times at most', async () => {
    const { url, received } = await recordingServer(busy('0'))
    const { error } = await new Atomicbase({ url }).database('acme').from('tasks').select()
    expect(error).toMatchObject({ code: 'MIGRATION_IN_PROGRESS', status: 503, retryAfterSeconds: 0 })
    expect(received).toHaveLength(4)
  })

  test('a wait beyond the time limit is not begun', async () => {
    const { url, received } = await recordingServer(busy('3600'))
    const started = performance.now()
    const { error } = await new Atomicbase({ url, timeoutMs: 5_000 }).database('acme').from('tasks').select()
    expect(error?.retryAfterSeconds).toBe(3600)
    expect(performance.now() - started).toBeLessThan(4_000)
    expect(received).toHaveLength(1)
  })

  test('a date says when to come back, too', async () => {
    const { url, received } = await recordingServer(
      inTurn(busy(new Date(0).toUTCString()), json(200, { data: [] })),
    )
    expect((await new Atomicbase({ url }).database('acme').from('tasks').select()).error).toBeNull()
    expect(received).toHaveLength(2)
  })

  test('writes are never sent again, nor reads without Retry-After', async () => {
    const { url, received } = await recordingServer(inTurn(busy('0'), busy('0'), busy()))
    const atomicbase = new Atomicbase({ url })
    const { error } = await atomicbase.database('acme').from('tasks').insert({ id: 'a' })
    expect(error?.code).toBe('MIGRATION_IN_PROGRESS')
    await expect(atomicbase.databases.create({ name: 'a', template: 'b' })).rejects.toMatchObject({
      status: 503,
    })
    expect((await atomicbase.database('acme').from('tasks').select()).error?.status).toBe(503)
    expect(received).toHaveLength(3)
  })

  test('a batch of reads is a read', async () => {
    const { url, received } = await recordingServer(inTurn(busy('0'), json(200, { results: [{ data: [] }] })))
    const db = new Atomicbase({ url }).database('acme')
    expect((await db.batch([db.from('tasks').select()])).error).toBeNull()
    expect(received).toHaveLength(2)
  })
})

describe('no answer', () => {
  test('nobody listens', async () => {
    const url = await addressWithoutServer()
    const { data, error } = await new Atomicbase({ url }).database('acme').from('tasks').select()
    expect(data).toBeNull()
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', status: 0 })
    expect(error?.message).toMatch(/ECONNREFUSED/)
    await expect(new Atomicbase({ url }).databases.get('acme')).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
    })
  })

  test('the answer takes too long, its body included', async () => {
    const { url } = await recordingServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"data":')
    })
    const { error } = await new Atomicbase({ url, timeoutMs: 50 }).database('acme').from('tasks').select()
    expect(error).toMatchObject({ code: 'TIMEOUT', message: 'No answer within 50 ms.' })
  })

  test('the caller ends the call', async () => {
    const controller = new AbortController()
    const { url } = await recordingServer(() => controller.abort())
    const atomicbase = new Atomicbase({ url })
    const query = atomicbase.database('acme').from('tasks').select()
    expect((await query.signal(controller.signal)).error?.code).toBe('ABORTED')
    // Ended before it began.
    await expect(atomicbase.databases.get('acme', { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })

  test('the caller ends the wait between two tries', async () => {
    const controller = new AbortController()
    const { url } = await recordingServer((received, response) => {
      busy('30')(received, response)
      response.on('close', () => controller.abort())
    })
    const query = new Atomicbase({ url }).database('acme').from('tasks').select().signal(controller.signal)
    expect((await query).error?.code).toBe('ABORTED')
  })
})

describe("somebody else's answer", () => {
  const html: Respond = (_, response) => {
    response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>')
  }

  test('an error page', async () => {
    const { url } = await recordingServer(html)
    const { error } = await new Atomicbase({ url }).database('acme').from('tasks').select()
    expect(error).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 502 })
  })

  test('a page instead of JSON', async () => {
    const { url } = await recordingServer((_, response) => void response.end('<h1>Welcome</h1>'))
    const { error } = await new Atomicbase({ url }).database('acme').from('tasks').select()
    expect(error).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 200 })
  })
})

describe('settings', () => {
  test('a url may have a path and a slash at its end', async () => {
    const { url, received } = await recordingServer(json(200, { id: 'db_1' }))
    await new Atomicbase({ url: `${url}/api/` }).databases.get('acme')
    expect(received[0]?.url).toBe('/api/platform/databases/acme')
  })

  test('faults are told at once', () => {
    expect(() => new Atomicbase({ url: 'localhost:8080' })).toThrow(/http or https/)
    expect(() => new Atomicbase({ url: 'http://localhost', timeoutMs: 0 })).toThrow(/timeoutMs/)
    expect(() => new Atomicbase({ url: 'http://localhost', timeoutMs: Number.POSITIVE_INFINITY })).toThrow(
      TypeError,
    )
  })

  test('another fetch is used', async () => {
    const { url } = await recordingServer(json(200, { id: 'db_1' }))
    const urls: string[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      urls.push(String(input))
      return globalThis.fetch(input, init)
    }
    await new Atomicbase({ url, fetch }).databases.get('acme')
    expect(urls).toEqual([`${url}/platform/databases/acme`])
  })

  test('the key comes from the environment of a server, never of a browser', () => {
    const env = { ATOMICBASE_API_KEY: 'atb_sk_env' }
    expect(environmentKey({ process: { env, versions: { node: '20' } } })).toBe('atb_sk_env')
    expect(environmentKey({ Deno: { env: { get: () => 'atb_sk_env' } } })).toBe('atb_sk_env')
    expect(environmentKey({ EdgeRuntime: 'edge-runtime', process: { env } })).toBe('atb_sk_env')
    expect(environmentKey({ process: { env: {}, versions: { node: '20' } } })).toBeUndefined()
    // A page, also one whose bundler brings a `process`, and one with Node inside.
    expect(environmentKey({ document: {}, process: { env, versions: { node: '20' } } })).toBeUndefined()
    // A browser's worker has no document.
    expect(
      environmentKey({ navigator: { userAgent: 'Mozilla/5.0' }, process: { env, versions: {} } }),
    ).toBeUndefined()
  })
})

/** The address of a port that was just free. */
async function addressWithoutServer(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
