// Batches: what they prefer, and values that one of their queries takes from another.

import { expect, test } from 'vitest'
import { eq, inArray } from '../src/filters.js'
import { Atomicbase, bigint, inc } from '../src/index.js'
import { json, recordingServer } from './recording_server.js'

test('a query takes values of queries before it', async () => {
  const results = { results: [{}, {}, {}, {}, {}] }
  const { url, received } = await recordingServer(json(200, results))
  const db = new Atomicbase({ url }).database('acme')

  const user = db.from('users').select().where(eq('email', 'a@b.c'))
  const projects = db.from('projects').insert([{ name: 'A' }, { name: 'B' }])
  const moved = db
    .from('tasks')
    .update({ project_id: projects.ref('id', 1), views: inc(1) })
    .where(eq('assigned_to', user.ref('id')))
  const { error } = await db.batch([
    user,
    projects,
    moved,
    db.from('notes').insert([
      { task_id: moved.ref('id'), meta: { at: null, list: [1, 'x'] } },
      { task_id: 't1', meta: null },
    ]),
    db
      .from('tasks')
      .delete()
      .where(inArray('project_id', [projects.ref('id'), 'p'])),
  ])
  expect(error).toBeNull()
  expect(received[0]?.body).toMatchObject({
    operations: [
      { body: { where: [{ email: { eq: 'a@b.c' } }] } },
      { body: { data: [{ name: 'A' }, { name: 'B' }] } },
      {
        body: {
          data: { project_id: { $ref: '1.1.id' }, views: { __inc: 1 } },
          where: [{ assigned_to: { eq: { $ref: '0.id' } } }],
        },
      },
      {
        body: {
          data: [
            { task_id: { $ref: '2.id' }, meta: { at: null, list: [1, 'x'] } },
            { task_id: 't1', meta: null },
          ],
        },
      },
      { body: { where: [{ project_id: { in: [{ $ref: '1.id' }, 'p'] } }] } },
    ],
  })
})

test('a value of a query that does not come before is refused before anything is sent', async () => {
  const db = new Atomicbase({ url: 'http://127.0.0.1:1' }).database('acme')
  const user = db.from('users').insert({ email: 'a@b.c' })
  const task = db.from('tasks').insert({ created_by: user.ref('id') })
  expect(() => db.batch([task])).toThrow(/Query 0 .*`id`/)
  expect(() => db.batch([task, user])).toThrow(TypeError)
  // A changed query is another one.
  expect(() => db.batch([user.returning(), task])).toThrow(TypeError)
  await expect(task).rejects.toThrow(/in a batch only/)
})

test('preferences of the queries are those of the batch; its guard holds for each write', async () => {
  const results = [
    { data: [{ id: 'a' }], count: 3 },
    { data: [{ id: 'b' }], count: 4 },
    { data: [{ n: '5' }] },
  ]
  const { url, received } = await recordingServer(json(200, { results }))
  const db = new Atomicbase({ url }).database('acme')
  const users = db.from('users').select(['id'])
  const { data } = await db
    .batch([users.count(), users, db.from('tasks').select([bigint('n')])])
    .maxAffected(2)
  expect(data).toEqual([
    { data: [{ id: 'a' }], error: null, count: 3 },
    { data: [{ id: 'b' }], error: null },
    { data: [{ n: 5n }], error: null },
  ])
  expect(received[0]?.headers.prefer).toBe('count=exact, bigint=string, max-affected=2')

  await db.batch([users, users, users])
  expect(received[1]?.headers.prefer).toBeUndefined()
  expect(() => db.batch([db.from('users').delete().maxAffected(1)])).toThrow(TypeError)
})

test('writes say how many rows they may touch, and answer related rows', async () => {
  const { url, received } = await recordingServer(json(200, { data: [{ id: 'a' }], rows_affected: 1 }))
  const tasks = new Atomicbase({ url }).database('acme').from('tasks')
  await tasks
    .update({ views: inc(-1) })
    .where(eq('id', 1))
    .maxAffected(1)
    .returning(['id', { projects: ['name'] }])
  await tasks
    .insert([{ id: 1 }])
    .maxAffected(5)
    .returning([{ labels: { select: ['name'], limit: 1 } }])
  await tasks.delete().where(eq('id', 1)).maxAffected(0)
  expect(received.map(({ headers, body }) => [headers.prefer, body])).toEqual([
    [
      'operation=update, max-affected=1',
      {
        data: { views: { __inc: -1 } },
        where: [{ id: { eq: 1 } }],
        returning: ['id', { projects: ['name'] }],
      },
    ],
    [
      'operation=insert, max-affected=5',
      { data: [{ id: 1 }], returning: [{ labels: { select: ['name'], limit: 1 } }] },
    ],
    ['operation=delete, max-affected=0', { where: [{ id: { eq: 1 } }] }],
  ])
})

test('a key acts for others', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  const atomicbase = new Atomicbase({ url, apiKey: 'atb_sk_test' })
  await atomicbase.actAs({ role: 'viewer', user: 'usr_1' }).database('acme').from('tasks').select()
  await atomicbase.actAs({ user: 'usr_1', org: 'acme' }).database('acme').schema()
  await atomicbase.actAs('anonymous').database('acme').from('tasks').select()
  await atomicbase.database('acme').from('tasks').select()
  expect(received.map(({ headers }) => headers['act-as'])).toEqual([
    'role=viewer; user=usr_1',
    'user=usr_1; org=acme',
    'anonymous',
    undefined,
  ])
  expect(received[0]?.headers.authorization).toBe('Bearer atb_sk_test')
  expect(() => atomicbase.actAs({ role: 'viewer; user=usr_2' })).toThrow(TypeError)
})
