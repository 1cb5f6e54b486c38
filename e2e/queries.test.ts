// The whole language of queries through the SDK, against the real program.

import { Atomicbase, bigint, type Database, inc } from '@atomicbase/sdk'
import {
  between,
  col,
  eq,
  every,
  fts,
  gt,
  inArray,
  isNull,
  like,
  lt,
  match,
  none,
  not,
  or,
  some,
} from '@atomicbase/sdk/filters'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Board, board, labels, projects, taskLabels, tasks, users } from './board.js'
import { SERVICE_KEY, type Server, startServer } from './server.js'

let server: Server
let atomicbase: Atomicbase<Board>
/** Only read. */
let db: Database<Board>

beforeAll(async () => {
  server = await startServer()
  atomicbase = new Atomicbase<Board>({ url: server.url, apiKey: SERVICE_KEY })
  await atomicbase.templates.push(board)
  db = await filledDatabase('read')
})

afterAll(async () => {
  await server?.stop()
})

async function filledDatabase(name: string): Promise<Database<Board>> {
  await atomicbase.databases.create({ name, template: 'board' })
  const db = atomicbase.database(name)
  await db
    .batch([
      db.from('users').insert(users),
      db.from('projects').insert(projects),
      db.from('tasks').insert(tasks),
      db.from('labels').insert(labels),
      db.from('task_labels').insert(taskLabels),
    ])
    .throwOnError()
  return db
}

describe('conditions', () => {
  const found = async (...conditions: Parameters<ReturnType<typeof selectIds>['where']>) => {
    const { data } = await selectIds()
      .where(...conditions)
      .throwOnError()
    return data.map(({ id }) => id)
  }
  const selectIds = () => db.from('tasks').select(['id'])

  test('compare columns of a row with each other', async () => {
    expect(await found(gt('done_at', col('due_at')))).toEqual([2])
    expect(await found(between('done_at', 0, col('due_at')))).toEqual([1])
    expect(await found(inArray('views', [3, col('id')]))).toEqual([1])
  })

  test('reach into JSON by the type of the value', async () => {
    expect(await found(eq('meta->labels.0', 'urgent'))).toEqual([1])
    expect(await found(gt('meta->size', 3))).toEqual([2])
    expect(await found(eq('meta->late', true))).toEqual([3])
    expect(await found(eq('meta->size', '3'))).toEqual([])
    expect(await found(isNull('meta->size'))).toEqual([3, 4])
  })

  test('ask about related rows, near and far', async () => {
    expect(await found(eq('projects.name', 'Boat'))).toEqual([4])
    expect(await found(eq('users!author.name', 'Ada'))).toEqual([1, 2])
    expect(await found(eq('projects.!parent_id.name', 'Rocket'))).toEqual([4])
    expect(await found(eq('labels.name', 'cold'))).toEqual([1])
    expect(await found(some('labels', like('name', 'h%')))).toEqual([1, 2])
    expect(await found(none('labels'))).toEqual([3, 4])
    expect(await found(every('labels', eq('name', 'hot')), some('labels'))).toEqual([2])

    const parents = await db
      .from('projects')
      .select(['id'])
      .where(some('tasks', eq('status', 'done'), some('labels', eq('name', 'cold'))))
      .throwOnError()
    expect(parents.data).toEqual([{ id: 'p1' }])
    const urgent = db.from('projects').select(['id']).where(eq('tasks.meta->labels.0', 'urgent'))
    expect((await urgent.throwOnError()).data).toEqual([{ id: 'p1' }])
  })

  test('search the text', async () => {
    expect(await found(fts('rocket'))).toEqual([1, 2])
    expect(await found(fts('title', 'rocket'))).toEqual([1])
    expect(await found(match('rocket NOT weld'))).toEqual([1])
    expect(await found(match('title', '"the boat"'), not(isNull('hours')))).toEqual([4])
    expect(await found(or(fts('launch'), fts('caulk')))).toEqual([3, 4])
  })
})

describe('values of a selection', () => {
  test('count and add up, alone and by group', async () => {
    const all = await db
      .from('tasks')
      .select([
        {
          n: { count: '*' },
          assigned: { count: 'assignee' },
          hours: { sum: 'hours' },
          mean: { avg: 'hours' },
          first: { min: 'title' },
          last: { max: 'due_at' },
        },
      ])
      .single()
      .throwOnError()
    expect(all.data).toEqual({
      n: 4,
      assigned: 3,
      hours: 11.5,
      mean: 11.5 / 3,
      first: 'Build it',
      last: 200,
    })

    const none = await db
      .from('tasks')
      .select([{ n: { count: '*' }, hours: { sum: 'hours' } }])
      .where(eq('id', 99))
      .throwOnError()
    expect(none.data).toEqual([{ n: 0, hours: null }])

    const byProject = await db
      .from('tasks')
      .select(['project_id', { n: { count: '*' } }])
      .groupBy('project_id')
      .having(gt('n', 0))
      .orderBy('n', 'desc')
      .throwOnError()
    expect(byProject.data).toEqual([
      { project_id: 'p1', n: 3 },
      { project_id: 'p2', n: 1 },
    ])
    const groups = await db.from('tasks').select().groupBy('status').throwOnError()
    expect(groups.data).toEqual([{ status: 'doing' }, { status: 'done' }, { status: 'todo' }])
    const distinct = await db.from('tasks').select(['project_id']).distinct().throwOnError()
    expect(distinct.data).toEqual([{ project_id: 'p1' }, { project_id: 'p2' }])
  })

  test('are made of related rows', async () => {
    const { data } = await db
      .from('projects')
      .select([
        'id',
        {
          total: { from: 'tasks', select: [{ n: { count: '*' }, hours: { sum: 'hours' } }] },
          by_status: {
            from: 'tasks',
            select: ['status', { n: { count: '*' } }],
            group: 'status',
            having: gt('n', 1),
            order: { n: 'desc' },
          },
        },
      ])
      .throwOnError()
    expect(data).toEqual([
      { id: 'p1', total: [{ n: 3, hours: 10.5 }], by_status: [{ status: 'todo', n: 2 }] },
      { id: 'p2', total: [{ n: 1, hours: 1 }], by_status: [] },
      { id: 'p3', total: [{ n: 0, hours: null }], by_status: [] },
    ])
  })

  test('are related rows, filtered, ordered, limited and renamed', async () => {
    const { data } = await db
      .from('projects')
      .select([
        'id',
        {
          tasks: {
            select: ['id', { labels: ['name'] }],
            where: lt('id', 3),
            order: { id: 'desc' },
            limit: 1,
          },
          open: { from: 'tasks', select: ['id'], where: [eq('status', 'todo'), some('users!author')] },
          parent: { from: '!parent_id', select: ['name'] },
          children: { from: 'projects!parent_id', select: ['id'] },
        },
      ])
      .where(inArray('id', ['p1', 'p2']))
      .throwOnError()
    expect(data).toEqual([
      {
        id: 'p1',
        tasks: [{ id: 2, labels: [{ name: 'hot' }] }],
        open: [{ id: 2 }, { id: 3 }],
        parent: null,
        children: [{ id: 'p2' }],
      },
      { id: 'p2', tasks: [], open: [], parent: { name: 'Rocket' }, children: [] },
    ])
  })

  test('are what a search found', async () => {
    const { data } = await db
      .from('tasks')
      .select([
        'id',
        {
          score: { rank: '__fts' },
          marked: { highlight: 'title' },
          part: { snippet: { column: 'body', before: '[', after: ']', ellipsis: '…', tokens: 3 } },
        },
      ])
      .where(fts('rocket'))
      .orderBy('__rank')
      .throwOnError()
    expect(data.map(({ score, ...row }) => ({ ...row, negative: score < 0 }))).toEqual([
      { id: 1, marked: 'Design the <b>rocket</b>', part: 'A [rocket] is…', negative: true },
      { id: 2, marked: 'Build it', part: 'Weld the [rocket].', negative: true },
    ])
    expect(data[0]?.score).toBeLessThan(data[1]?.score ?? Number.NEGATIVE_INFINITY)
  })
})

describe('pages', () => {
  test('go forth and back by key, whatever the order', async () => {
    const query = db.from('tasks').select(['id']).orderBy('due_at', 'desc').limit(2).count()
    const first = await query.throwOnError()
    expect(first).toMatchObject({ data: [{ id: 2 }, { id: 1 }], count: 4, next: expect.any(String) })
    expect(first.prev).toBeUndefined()
    const second = await query.cursor(first.next ?? '').throwOnError()
    expect(second).toMatchObject({ data: [{ id: 3 }, { id: 4 }], prev: expect.any(String) })
    expect(second.next).toBeUndefined()
    expect((await query.cursor(second.prev ?? '').throwOnError()).data).toEqual(first.data)

    const other = await query.where(gt('id', 0)).cursor(first.next ?? '')
    expect(other.error?.code).toBe('CURSOR_EXPIRED')
  })

  test('are fetched by a loop', async () => {
    const ids: number[] = []
    for await (const { id } of db.from('tasks').select(['id']).limit(3).all()) ids.push(id)
    expect(ids).toEqual([1, 2, 3, 4])
    const sizes: number[] = []
    for await (const { data } of db.from('tasks').select().limit(3).pages()) sizes.push(data.length)
    expect(sizes).toEqual([3, 1])
  })
})

describe('an export', () => {
  test('has every row, related rows too', async () => {
    const db = await filledDatabase('export')
    const many = Array.from({ length: 5_000 }, (_, i) => ({
      id: 1_000 + i,
      project_id: 'p3',
      title: `T${i}`,
    }))
    for (let from = 0; from < many.length; from += 1_000) {
      await db
        .from('tasks')
        .insert(many.slice(from, from + 1_000))
        .throwOnError()
    }
    let rows = 0
    for await (const { id, projects } of db
      .from('tasks')
      .select(['id', { projects: ['name'] }])
      .export()) {
      if (id >= 1_000) expect(projects).toEqual({ name: 'Idea' })
      rows += 1
    }
    expect(rows).toBe(5_004)

    const read: number[] = []
    for await (const { id } of db.from('tasks').select(['id']).where(gt('id', 2)).limit(3).export())
      read.push(id)
    expect(read).toEqual([3, 4, 1_000])
    for await (const { id } of db.from('tasks').select(['id']).export()) if (id === 2) break
  })

  test('is refused in a sentence', async () => {
    const nobody = db.from('tasks').select(['status']).distinct().export()
    await expect(nobody.next()).rejects.toMatchObject({ code: 'INVALID_QUERY', status: 400 })
    const viewer = atomicbase.actAs({ role: 'viewer' }).database('read').from('tasks').select().export()
    await expect(viewer.next()).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
  })
})

describe('writes', () => {
  test('add to what is there, and answer related rows', async () => {
    const db = await filledDatabase('increment')
    const { data } = await db
      .from('tasks')
      .update({ views: inc(2), hours: inc(-0.5) })
      .where(inArray('id', [1, 3]))
      .returning([
        'id',
        'views',
        'hours',
        { projects: ['name'], labels: { select: ['name'], order: { name: 'asc' } } },
      ])
      .throwOnError()
    expect(data).toEqual([
      {
        id: 1,
        views: 5,
        hours: 2,
        projects: { name: 'Rocket' },
        labels: [{ name: 'cold' }, { name: 'hot' }],
      },
      { id: 3, views: 2, hours: null, projects: { name: 'Rocket' }, labels: [] },
    ])
  })

  test('touch no more rows than allowed', async () => {
    const db = await filledDatabase('guarded')
    const everything = db.from('tasks').delete().where(gt('id', 0))
    const { error } = await everything.maxAffected(3)
    expect(error).toMatchObject({ code: 'TOO_MANY_ROWS', status: 400 })
    expect((await everything.maxAffected(4).throwOnError()).rows_affected).toBe(4)
  })

  test('refer to earlier ones of their batch', async () => {
    const db = await filledDatabase('references')
    const task = db.from('tasks').insert([
      { project_id: 'p3', title: 'Think' },
      { project_id: 'p3', title: 'Think again' },
    ])
    const bob = db.from('users').select().where(eq('name', 'Bob'))
    const { data } = await db
      .batch([
        task,
        bob,
        db.from('task_labels').insert({ task_id: task.ref('id', 1), label_id: 'l1' }),
        db
          .from('tasks')
          .update({ assignee: bob.ref('id') })
          .where(eq('id', task.ref('id'))),
        db
          .from('tasks')
          .select(['title', 'assignee', { labels: ['name'] }])
          .where(eq('project_id', 'p3'))
          .count(),
      ])
      .throwOnError()
    expect(data[4]).toEqual({
      data: [
        { title: 'Think', assignee: 'bob', labels: [] },
        { title: 'Think again', assignee: null, labels: [{ name: 'hot' }] },
      ],
      error: null,
      count: 2,
    })

    const guarded = await db
      .batch([
        db.from('labels').insert({ id: 'l3', name: 'new' }),
        db.from('tasks').delete().where(gt('id', 0)),
      ])
      .maxAffected(2)
    expect(guarded.error).toMatchObject({ code: 'TOO_MANY_ROWS' })
    expect((await db.from('labels').select().count().throwOnError()).count).toBe(2)
  })

  test('keep numbers whole and bytes as they are', async () => {
    const db = await filledDatabase('exact')
    const id = 9007199254740993n
    const file = btoa('\u0000\u00ff\u0010')
    const inserted = await db
      .from('tasks')
      .insert({ id, project_id: 'p3', title: 'Big', views: 9223372036854775807n, file })
      .returning([bigint('id'), bigint('views'), 'file'])
      .throwOnError()
    expect(inserted.data).toEqual({ id, views: 9223372036854775807n, file })
    const { data } = await db
      .from('projects')
      .select(['id', { tasks: { select: [bigint('id'), { labels: ['id'] }], where: eq('id', id) } }])
      .where(eq('tasks.id', id))
      .throwOnError()
    expect(data).toEqual([{ id: 'p3', tasks: [{ id, labels: [] }] }])
    const most = await db
      .from('tasks')
      .select([{ most: bigint({ max: 'id' }) }])
      .single()
      .throwOnError()
    expect(most.data).toEqual({ most: id })
    for await (const row of db
      .from('tasks')
      .select([bigint('id')])
      .where(gt('id', 4))
      .export()) {
      expect(row).toEqual({ id })
    }
  })
})

describe('another caller', () => {
  test('sees what policies show', async () => {
    const bob = atomicbase.actAs({ role: 'viewer', user: 'bob' }).database('read')
    const tasks = await bob
      .from('tasks')
      .select(['id', { projects: ['name'] }])
      .count()
      .throwOnError()
    expect(tasks).toMatchObject({ data: [{ id: 1 }, { id: 3 }], count: 2 })
    expect((await bob.from('tasks').select(['hours'])).error?.code).toBe('COLUMN_NOT_FOUND')
    expect((await bob.from('tasks').select().throwOnError()).data[0]).not.toHaveProperty('hours')
    expect(
      (
        await bob
          .from('tasks')
          .update({ views: inc(1) })
          .where(eq('id', 1))
      ).error?.code,
    ).toBe('FORBIDDEN')
    const described = (await bob.schema()).tables.find(({ name }) => name === 'users')
    expect(described?.columns.map(({ name }) => name)).toEqual(['id', 'name'])
    expect((await db.schema()).tables.find(({ name }) => name === 'tasks')?.fts).toEqual(['title', 'body'])
    const nobody = atomicbase.actAs('anonymous').database('read')
    expect((await nobody.from('tasks').select()).error).toMatchObject({ status: expect.any(Number) })
  })
})
