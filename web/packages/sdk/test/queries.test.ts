// Queries, by what a real server receives and by what its answers become.

import { expect, test } from 'vitest'
import { eq, gt } from '../src/filters.js'
import { Atomicbase, AtomicbaseError } from '../src/index.js'
import { json, recordingServer } from './recording_server.js'

const KEY = 'atb_sk_test'

test('a select is one POST with its preferences, and nothing is sent before it is awaited', async () => {
  const { url, received } = await recordingServer(json(200, { data: [{ id: 'a' }], count: 7 }))
  const query = new Atomicbase({ url, apiKey: KEY })
    .database('acme')
    .from('projects')
    .select(['id', { tasks: ['title'] }])
    .where(eq('status', 'active'))
    .where(gt('budget', 10), eq('name', 'x'))
    .orderBy('name', 'desc')
    .orderBy('id')
    .limit(5)
    .offset(10)
    .count()
  expect(received).toHaveLength(0)

  expect(await query).toEqual({ data: [{ id: 'a' }], error: null, count: 7 })
  expect(received).toHaveLength(1)
  expect(received[0]).toMatchObject({
    method: 'POST',
    url: '/data/query/projects',
    headers: {
      authorization: `Bearer ${KEY}`,
      database: 'acme',
      prefer: 'operation=select, count=exact',
      'content-type': 'application/json',
    },
    body: {
      select: ['id', { tasks: ['title'] }],
      where: [{ status: { eq: 'active' } }, { budget: { gt: 10 } }, { name: { eq: 'x' } }],
      order: [{ name: 'desc' }, { id: 'asc' }],
      limit: 5,
      offset: 10,
    },
  })
})

test('a bare select sends an empty body', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  expect(await new Atomicbase({ url }).database('acme').from('projects').select()).toEqual({
    data: [],
    error: null,
  })
  expect(received[0]?.body).toEqual({})
  expect(received[0]?.headers.authorization).toBeUndefined()
})

test('a query runs once, however often it is awaited; a changed one is another', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  const query = new Atomicbase({ url }).database('acme').from('projects').select()
  await query
  await query
  expect(received).toHaveLength(1)

  await query.limit(1)
  expect(received.map(({ body }) => body)).toEqual([{}, { limit: 1 }])
})

test('an insert of an object answers an object, of a list a list, and without returning null', async () => {
  const { url, received } = await recordingServer(
    json(200, { data: [{ id: 'a' }], rows_affected: 1, last_insert_id: 3 }),
  )
  const table = new Atomicbase({ url }).database('acme').from('projects')

  const written = { error: null, rows_affected: 1, last_insert_id: 3 }
  expect(await table.insert({ id: 'a' }).returning(['id'])).toEqual({ data: { id: 'a' }, ...written })
  expect(await table.insert([{ id: 'a' }]).returning()).toEqual({ data: [{ id: 'a' }], ...written })
  expect(await table.insert({ id: 'a' })).toEqual({ data: null, ...written })
  expect(received.map(({ body }) => body)).toEqual([
    { data: { id: 'a' }, returning: ['id'] },
    { data: [{ id: 'a' }], returning: ['*'] },
    { data: { id: 'a' } },
  ])
  expect(received[0]?.headers.prefer).toBe('operation=insert')
})

test('an insert says what happens on a conflict; an ignored row is null', async () => {
  const { url, received } = await recordingServer(json(200, { data: [], rows_affected: 0 }))
  const insert = new Atomicbase({ url }).database('acme').from('users').insert({ email: 'a@b.c' })

  const ignored = await insert.onConflict({ target: 'email', action: 'ignore' }).returning(['id'])
  expect(ignored).toEqual({ data: null, error: null, rows_affected: 0 })
  await insert.onConflict({ target: ['email', 'name'], action: 'update', update: ['name'] })
  await insert.onConflict({ action: 'replace' })
  expect(received.map(({ body }) => (body as { on_conflict: unknown }).on_conflict)).toEqual([
    { target: ['email'], action: 'ignore' },
    { target: ['email', 'name'], action: 'update', update: ['name'] },
    { action: 'replace' },
  ])
})

test('updates and deletes carry their where', async () => {
  const { url, received } = await recordingServer(json(200, { data: [{ id: 'a' }], rows_affected: 1 }))
  const table = new Atomicbase({ url }).database('acme').from('projects')

  expect(await table.update({ name: 'x' }).where(eq('id', 'a')).returning(['id']).single()).toEqual({
    data: { id: 'a' },
    error: null,
    rows_affected: 1,
  })
  expect(await table.delete().where(eq('id', 'a'))).toEqual({ data: null, error: null, rows_affected: 1 })
  expect(received.map(({ headers, body }) => [headers.prefer, body])).toEqual([
    ['operation=update', { data: { name: 'x' }, where: [{ id: { eq: 'a' } }], returning: ['id'] }],
    ['operation=delete', { where: [{ id: { eq: 'a' } }] }],
  ])
})

test('single is one row, null for none, an error for more', async () => {
  const rows = { one: [{ id: 'a' }], none: [], several: [{ id: 'a' }, { id: 'b' }] }
  const { url, received } = await recordingServer((request, response) => {
    const table = request.url.split('/').at(-1) as keyof typeof rows
    json(200, { data: rows[table] })(request, response)
  })
  const db = new Atomicbase({ url }).database('acme')

  expect((await db.from('one').select().single()).data).toEqual({ id: 'a' })
  expect(await db.from('none').select().single()).toEqual({ data: null, error: null })
  const { data, error } = await db.from('several').select().single()
  expect(data).toBeNull()
  expect(error?.code).toBe('MULTIPLE_ROWS')
  expect(received.map(({ body }) => body)).toEqual([{ limit: 2 }, { limit: 2 }, { limit: 2 }])
})

test('an error of the server is a value; throwOnError makes it an exception', async () => {
  const problem = {
    type: 'about:blank',
    title: 'Unknown column',
    status: 400,
    detail: 'The table `tasks` has no column `titel`.',
    code: 'COLUMN_NOT_FOUND',
    hint: 'Did you mean `title`?',
    request_id: 'req_1',
    errors: [{ path: 'select[0]', message: 'no column `titel`' }],
  }
  const { url } = await recordingServer(json(400, problem, { 'Content-Type': 'application/problem+json' }))
  const query = new Atomicbase({ url }).database('acme').from('tasks').select(['titel'])

  const { data, error } = await query
  expect(data).toBeNull()
  expect(error).toBeInstanceOf(AtomicbaseError)
  expect(error).toMatchObject({
    code: 'COLUMN_NOT_FOUND',
    message: problem.detail,
    hint: problem.hint,
    status: 400,
    requestId: 'req_1',
    errors: problem.errors,
  })
  await expect(query.throwOnError()).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' })
  await expect(query.throwOnError().catch((caught) => caught.code)).resolves.toBe('COLUMN_NOT_FOUND')
})

test('a batch is one transaction whose answers have the shapes of its queries', async () => {
  const { url, received } = await recordingServer(
    json(200, {
      results: [{ data: [{ id: 'a' }] }, { data: [{ id: 'b' }], rows_affected: 1 }, { rows_affected: 2 }],
    }),
  )
  const db = new Atomicbase({ url }).database('acme')
  const { data, error } = await db.batch([
    db.from('users').select(['id']).single(),
    db.from('users').insert({ id: 'b' }).returning(['id']),
    db.from('tasks').delete().where(eq('done', true)),
  ])
  expect(error).toBeNull()
  expect(data).toEqual([
    { data: { id: 'a' }, error: null },
    { data: { id: 'b' }, error: null, rows_affected: 1 },
    { data: null, error: null, rows_affected: 2 },
  ])
  expect(received).toMatchObject([
    {
      method: 'POST',
      url: '/data/batch',
      headers: { database: 'acme' },
      body: {
        operations: [
          { operation: 'select', table: 'users', body: { select: ['id'], limit: 2 } },
          { operation: 'insert', table: 'users', body: { data: { id: 'b' }, returning: ['id'] } },
          { operation: 'delete', table: 'tasks', body: { where: [{ done: { eq: true } }] } },
        ],
      },
    },
  ])
})

test('a name that no database can have is refused before anything is sent', () => {
  const atomicbase = new Atomicbase({ url: 'http://127.0.0.1:1' })
  expect(() => atomicbase.database('')).toThrow(TypeError)
  expect(() => atomicbase.database('acme\r\nX-Evil: 1')).toThrow(TypeError)
})
