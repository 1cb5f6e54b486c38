// Databases, templates and jobs, by what a real server receives; lists in pages and events in pieces.

import { expect, test } from 'vitest'
import { Atomicbase, type Job } from '../src/index.js'
import { inTurn, json, type Respond, recordingServer } from './recording_server.js'
import { schema } from './saas_app.js'

test('databases are created, read and deleted', async () => {
  const { url, received } = await recordingServer(
    inTurn(json(201, { id: 'db_1', name: 'acme' }), json(200, { id: 'db_1' }), (_, response) => {
      response.writeHead(204).end()
    }),
  )
  const { databases } = new Atomicbase({ url })
  expect(await databases.create({ name: 'acme', template: 'saas-app' })).toEqual({ id: 'db_1', name: 'acme' })
  expect(await databases.get('a/b')).toEqual({ id: 'db_1' })
  expect(await databases.delete('acme')).toBeUndefined()
  expect(received.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/platform/databases', { name: 'acme', template: 'saas-app' }],
    ['GET', '/platform/databases/a%2Fb', undefined],
    ['DELETE', '/platform/databases/acme', undefined],
  ])
})

/** 2,500 databases, in pages of the size asked for, 100 when none is. */
const manyDatabases: Respond = (received, response) => {
  const query = new URL(received.url, 'http://localhost').searchParams
  const from = Number(query.get('cursor') ?? 0)
  const to = Math.min(from + Number(query.get('limit') ?? 100), 2500)
  const data = Array.from({ length: to - from }, (_, i) => ({ id: `db_${from + i}` }))
  json(200, to < 2500 ? { data, next: String(to) } : { data })(received, response)
}

test('a list is an array of all pages', async () => {
  const { url, received } = await recordingServer(manyDatabases)
  const all = await new Atomicbase({ url }).databases.list({ template: 'saas-app' })
  expect(all).toHaveLength(2500)
  expect(new Set(all.map(({ id }) => id)).size).toBe(2500)
  expect(received.map(({ url }) => url)).toEqual([
    '/platform/databases?template=saas-app&limit=1000',
    '/platform/databases?template=saas-app&limit=1000&cursor=1000',
    '/platform/databases?template=saas-app&limit=1000&cursor=2000',
  ])
})

test('a limit bounds a list, and a loop fetches only what it reads', async () => {
  const { url, received } = await recordingServer(manyDatabases)
  const { databases } = new Atomicbase({ url })
  expect(await databases.list({ limit: 1200 })).toHaveLength(1200)
  expect(await databases.list({ limit: 0 })).toEqual([])
  expect(received).toHaveLength(2)

  for await (const { id } of databases.list()) if (id === 'db_3') break
  expect(received).toHaveLength(3)
})

test('one page says where the next begins', async () => {
  const { url } = await recordingServer(manyDatabases)
  const { databases } = new Atomicbase({ url })
  const first = await databases.list({ limit: 2 }).page()
  expect(first).toEqual({ data: [{ id: 'db_0' }, { id: 'db_1' }], next: '2' })
  expect((await databases.list({ limit: 2, cursor: first.next ?? '' }).page()).data[0]?.id).toBe('db_2')
  expect((await databases.list().page()).data).toHaveLength(100)
})

test('templates are listed, compared and pushed as JSON of format 1', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  const { templates } = new Atomicbase({ url })
  expect(await templates.list()).toEqual([])
  expect(await templates.history('saas-app')).toEqual([])
  await templates.get('saas-app')
  await templates.diff(schema)
  await templates.push(schema)
  await templates.push(schema.template, { allowDestructive: true })

  const template = JSON.parse(JSON.stringify(schema))
  expect(template).toMatchObject({ format: 1, name: 'saas-app' })
  expect(received.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['GET', '/platform/templates', undefined],
    ['GET', '/platform/templates/saas-app/history', undefined],
    ['GET', '/platform/templates/saas-app', undefined],
    ['POST', '/platform/templates/saas-app/diff', { template }],
    ['POST', '/platform/templates/saas-app/push', { template }],
    ['POST', '/platform/templates/saas-app/push', { template, allow_destructive: true }],
  ])
})

test('jobs are read and retried', async () => {
  const { url, received } = await recordingServer(json(200, { data: [], id: 'job_1' }))
  const { jobs } = new Atomicbase({ url })
  expect(await jobs.list({ limit: 10 })).toEqual([])
  expect(await jobs.get('job_1')).toMatchObject({ id: 'job_1' })
  expect(await jobs.retry('job_1')).toMatchObject({ id: 'job_1' })
  expect(received.map(({ method, url }) => [method, url])).toEqual([
    ['GET', '/platform/jobs?limit=10'],
    ['GET', '/platform/jobs/job_1'],
    ['POST', '/platform/jobs/job_1/retry'],
  ])
})

function progress(job: Partial<Job>): string {
  return `event: progress\ndata: ${JSON.stringify(job)}\n\n`
}

/** Sends the pieces one by one, each when the one before has left, and then ends or cuts the connection. */
function events(pieces: (string | Uint8Array)[], cut = false): Respond {
  return async (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve))
    if (cut) response.destroy()
    else response.end()
  }
}

test('a job is watched until it has ended, wherever the bytes are split', async () => {
  const text = `: heartbeat\r\n\r\n${progress({ status: 'running', done: 1 })}event: other\ndata: x\n\n${progress(
    {
      status: 'completed',
      template: 'größe',
    },
  )}${progress({ status: 'running', done: 99 })}`
  const bytes = new TextEncoder().encode(text)
  const { url, received } = await recordingServer(
    events(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))),
  )

  const seen: Partial<Job>[] = []
  for await (const job of new Atomicbase({ url }).jobs.watch('job_1')) seen.push(job)
  expect(seen).toEqual([
    { status: 'running', done: 1 },
    { status: 'completed', template: 'größe' },
  ])
  expect(received[0]).toMatchObject({
    url: '/platform/jobs/job_1/events',
    headers: { accept: 'text/event-stream' },
  })
})

test('a connection that breaks is opened again', async () => {
  const { url, received } = await recordingServer(
    inTurn(
      events([progress({ status: 'running', done: 1 })], true),
      events([progress({ status: 'running', done: 5 })]),
      events([progress({ status: 'completed', done: 9 })]),
    ),
  )
  const done: number[] = []
  for await (const job of new Atomicbase({ url }).jobs.watch('job_1')) done.push(job.done)
  expect(done).toEqual([1, 5, 9])
  expect(received).toHaveLength(3)
})

test('watching an unknown job is an error at once', async () => {
  const { url, received } = await recordingServer(json(404, { code: 'NOT_FOUND', detail: 'No such job.' }))
  await expect(new Atomicbase({ url }).jobs.watch('job_1').next()).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(received).toHaveLength(1)
})

test('leaving the loop closes the connection, and so does the signal', async () => {
  let closed = Promise.resolve()
  const { url } = await recordingServer((_, response) => {
    closed = new Promise((resolve) => response.on('close', resolve))
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(progress({ status: 'running' }))
  })
  const { jobs } = new Atomicbase({ url })
  for await (const job of jobs.watch('job_1')) {
    expect(job.status).toBe('running')
    break
  }
  await closed

  const controller = new AbortController()
  const watching = jobs.watch('job_1', { signal: controller.signal })
  await watching.next()
  controller.abort()
  await expect(watching.next()).rejects.toMatchObject({ code: 'ABORTED' })
  await closed
})
