// Selections with values, groups and numbers of any size, by what a real server receives and by what its answers become.

import { expect, test } from 'vitest'
import { eq, fts, gt } from '../src/filters.js'
import { Atomicbase, bigint } from '../src/index.js'
import { json, recordingServer } from './recording_server.js'

test('related rows are filtered, ordered, limited, grouped and renamed', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  const selection = [
    'id',
    {
      tasks: { select: ['title'], where: [eq('status', 'todo')], order: { due_at: 'desc' }, limit: 3 },
      done: { from: 'tasks', where: eq('status', 'done'), distinct: true },
      people: {
        from: 'tasks',
        select: ['assigned_to', { n: { count: '*' } }],
        group: 'assigned_to',
        having: gt('n', 1),
      },
    },
  ] as const
  await new Atomicbase({ url }).database('acme').from('projects').select(selection)
  expect(received[0]?.body).toEqual({
    select: [
      'id',
      {
        tasks: {
          select: ['title'],
          where: [{ status: { eq: 'todo' } }],
          order: { due_at: 'desc' },
          limit: 3,
        },
        done: { from: 'tasks', where: { status: { eq: 'done' } }, distinct: true },
        people: {
          from: 'tasks',
          select: ['assigned_to', { n: { count: '*' } }],
          group: 'assigned_to',
          having: { n: { gt: 1 } },
        },
      },
    ],
  })
})

test('rows are grouped, groups are filtered, and alike rows come once', async () => {
  const { url, received } = await recordingServer(json(200, { data: [{ status: 'todo', n: 3 }] }))
  const tasks = new Atomicbase({ url }).database('acme').from('tasks')
  const { data } = await tasks
    .select(['status', { n: { count: '*' }, h: { sum: 'hours' } }])
    .groupBy('status', 'project_id')
    .having(gt('n', 2), gt('h', 1))
    .orderBy('n', 'desc')
  expect(data).toEqual([{ status: 'todo', n: 3 }])
  await tasks.select(['status']).distinct()
  expect(received.map(({ body }) => body)).toEqual([
    {
      select: ['status', { n: { count: '*' }, h: { sum: 'hours' } }],
      group: ['status', 'project_id'],
      having: [{ n: { gt: 2 } }, { h: { gt: 1 } }],
      order: [{ n: 'desc' }],
    },
    { select: ['status'], distinct: true },
  ])
})

test('a search is ranked, and its words are marked', async () => {
  const { url, received } = await recordingServer(json(200, { data: [] }))
  const marked = {
    score: { rank: '__fts' },
    title: { highlight: 'title' },
    part: { snippet: { column: 'body', before: '[', after: ']', tokens: 8 } },
  } as const
  const tasks = new Atomicbase({ url }).database('acme').from('tasks')
  await tasks.select(['id', marked]).where(fts('rocket')).orderBy('__rank')
  expect(received[0]?.body).toEqual({
    select: ['id', marked],
    where: [{ __fts: { fts: 'rocket' } }],
    order: [{ __rank: 'asc' }],
  })
})

test('numbers come back whole where that is asked for, also in related rows', async () => {
  const row = '{"id":"9007199254740993","small":1,"none":null,"sum":"-9223372036854775808","title":"123"}'
  const { url, received } = await recordingServer((_, response) => {
    response.end(`{"data":[${row.replace('}', `,"tasks":[${row}],"one":${row},"nobody":null}`)}]}`)
  })
  const db = new Atomicbase({ url }).database('acme')
  const columns = [
    bigint('id'),
    bigint('small'),
    bigint('none'),
    'title',
    { sum: bigint({ sum: 'a' }) },
  ] as const
  const { data } = await db
    .from('projects')
    .select([
      ...columns,
      { tasks: columns },
      { one: { from: '!a', select: columns }, nobody: [bigint('id')] },
    ])
  const whole = {
    id: 9007199254740993n,
    small: 1n,
    none: null,
    sum: -9223372036854775808n,
    title: '123',
  }
  expect(data).toEqual([{ ...whole, tasks: [whole], one: whole, nobody: null }])
  const sent = ['id', 'small', 'none', 'title', { sum: { sum: 'a' } }]
  expect(received[0]).toMatchObject({
    headers: { prefer: 'operation=select, bigint=string' },
    body: { select: [...sent, { tasks: sent }, { one: { from: '!a', select: sent }, nobody: ['id'] }] },
  })
})

test('numbers are sent whole, wherever they stand', async () => {
  const texts: string[] = []
  const fetch = async (_: string, { body }: RequestInit) => {
    texts.push(String(body))
    return new Response(
      '{"data":[{"id":"9007199254740993"}],"rows_affected":1,"last_insert_id":"9007199254740993"}',
    )
  }
  const tasks = new Atomicbase({ url: 'http://localhost', fetch }).database('acme').from('tasks')
  const inserted = await tasks
    .insert({ id: 9007199254740993n, meta: { exact: [-9223372036854775808n, 0n, '1n'] } })
    .returning([bigint('id')])
  expect(inserted).toEqual({ data: { id: 9007199254740993n }, error: null, rows_affected: 1 })
  await tasks.select().where(eq('id', 9007199254740993n))
  expect(texts).toEqual([
    '{"data":{"id":9007199254740993,"meta":{"exact":[-9223372036854775808,0,"1n"]}},"returning":["id"]}',
    '{"where":[{"id":{"eq":9007199254740993}}]}',
  ])
})
