// What the compiler infers of aggregates, related rows, pages, exports and batches, and what it refuses. Compiled, never run.

import { expectTypeOf } from 'vitest'
import {
  and,
  between,
  col,
  eq,
  every,
  fts,
  gt,
  inArray,
  isNotNull,
  isNull,
  like,
  lt,
  match,
  none,
  or,
  some,
} from '../src/filters.js'
import { Atomicbase, bigint, type Filter, inc } from '../src/index.js'
import type { SaasApp } from './saas_app.js'

const atomicbase = new Atomicbase<SaasApp>({ url: 'http://localhost:8080' })
const db = atomicbase.database('acme')

export async function aggregates() {
  const { data } = await db
    .from('tasks')
    .select([
      {
        n: { count: '*' },
        assigned: { count: 'assigned_to' },
        hours: { sum: 'hours' },
        mean: { avg: 'hours' },
        first: { min: 'title' },
        last: { max: 'due_at' },
      },
    ])
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<
    {
      n: number
      assigned: number
      hours: number | null
      mean: number | null
      first: string | null
      last: number | null
    }[]
  >()

  const grouped = await db
    .from('tasks')
    .select(['project_id', { n: { count: '*' } }])
    .groupBy('project_id')
    .having(gt('n', 2))
    .orderBy('n', 'desc')
    .orderBy('project_id')
    .throwOnError()
  expectTypeOf(grouped.data).toEqualTypeOf<{ project_id: string; n: number }[]>()

  const groups = await db.from('tasks').select().groupBy('project_id', 'assigned_to').throwOnError()
  expectTypeOf(groups.data).toEqualTypeOf<{ project_id: string; assigned_to: string | null }[]>()

  // @ts-expect-error no such column
  db.from('tasks').select([{ n: { count: 'titel' } }])
  // @ts-expect-error text has no sum
  db.from('tasks').select([{ n: { sum: 'title' } }])
  // @ts-expect-error no such function
  db.from('tasks').select([{ n: { median: 'hours' } }])
  // @ts-expect-error beside one that is right
  db.from('tasks').select([{ n: { count: '*' }, x: { sum: 'title' } }])
  // @ts-expect-error beside a relation
  db.from('projects').select([{ tasks: ['id'], x: { sum: 'name' } }])
  // @ts-expect-error no such column
  db.from('tasks').select(['project_id']).groupBy('project')
  const counted = db.from('tasks').select(['project_id', { n: { count: '*' } }])
  // @ts-expect-error no such label
  counted.having(gt('m', 2))
  // @ts-expect-error not a column
  counted.having(eq('project_id', 'p'))
  // @ts-expect-error no such label
  counted.orderBy('m')
}

export async function relatedAggregates() {
  const { data } = await db
    .from('projects')
    .select([
      'id',
      {
        total: { from: 'tasks', select: [{ n: { count: '*' }, hours: { sum: 'hours' } }] },
        by_user: {
          from: 'tasks',
          select: ['assigned_to', { n: { count: '*' } }],
          group: 'assigned_to',
          having: gt('n', 1),
          order: { n: 'desc' },
        },
        people: { from: 'tasks', group: ['created_by', 'assigned_to'] },
      },
    ])
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<
    {
      id: string
      total: [{ n: number; hours: number | null }]
      by_user: { assigned_to: string | null; n: number }[]
      people: { created_by: string; assigned_to: string | null }[]
    }[]
  >()

  // @ts-expect-error no such column there
  db.from('projects').select([{ total: { from: 'tasks', select: [{ n: { sum: 'budget' } }] } }])
  // @ts-expect-error no such label
  db.from('projects').select([{ t: { from: 'tasks', select: [{ n: { count: '*' } }], order: { m: 'asc' } } }])
  // @ts-expect-error no such column to group by
  db.from('projects').select([{ t: { from: 'tasks', group: 'budget' } }])
}

export async function relatedRows() {
  const { data } = await db
    .from('projects')
    .select([
      'id',
      {
        tasks: {
          select: ['title'],
          where: [eq('views', 0), or(isNull('assigned_to'), like('title', 'a%'))],
          order: [{ due_at: 'desc' }, { id: 'asc' }],
          limit: 3,
        },
        late: { from: 'tasks', select: ['title'], where: lt('due_at', 10), distinct: true },
        parent: { from: '!parent_id', select: ['name'] },
      },
    ])
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<
    { id: string; tasks: { title: string }[]; late: { title: string }[]; parent: { name: string } | null }[]
  >()

  const through = await db
    .from('tasks')
    .select([{ labels: ['name'] }, { same: { from: 'labels!task_labels', select: ['name'] } }])
    .throwOnError()
  expectTypeOf(through.data).toEqualTypeOf<{ labels: { name: string }[]; same: { name: string }[] }[]>()

  // @ts-expect-error no such column there
  db.from('projects').select(['id', { tasks: { where: eq('titel', 'x') } }])
  // @ts-expect-error not its type
  db.from('projects').select(['id', { tasks: { where: [eq('views', 'x')] } }])
  // @ts-expect-error under another name
  db.from('projects').select(['id', { late: { from: 'tasks', where: eq('budget', 1) } }])
  // @ts-expect-error no such column there
  db.from('projects').select(['id', { tasks: { order: { titel: 'asc' } } }])
  // @ts-expect-error no such direction
  db.from('projects').select(['id', { tasks: { order: { title: 'up' } } }])
  // @ts-expect-error no such option
  db.from('projects').select(['id', { tasks: { select: ['id'], offset: 1 } }])
  // @ts-expect-error no such join table
  db.from('tasks').select([{ 'labels!projects': ['name'] }])
}

export function conditions() {
  const tasks = db.from('tasks').select()
  tasks.where(gt('done_at', col('due_at')), between('views', 1, col('id')), inArray('id', [1, 2n]))
  tasks.where(eq('meta->labels.0', 'urgent'), isNotNull('meta->labels'), gt('meta->size', 3))
  tasks.where(eq('projects.status', 'active'), eq('users!assigned_to.email', 'a@b.c'))
  tasks.where(eq('projects.!parent_id.name', 'x'), isNull('labels.name'))
  db.from('projects').select().where(eq('tasks.meta->labels.0', 'urgent'))
  tasks.where(some('projects', eq('status', 'active'), none('tasks', eq('title', 'x'))), none('labels'))
  tasks.where(or(every('labels', like('name', 'a%')), and(fts('rocket'), fts('title', 'moon'))))
  tasks.where(match('rocket* NOT moon'), match('title', '"a b"'))

  // @ts-expect-error no such column
  tasks.where(gt('done_at', col('due')))
  // @ts-expect-error of another type
  tasks.where(gt('done_at', col('title')))
  tasks.where(eq('projects.name', col('id')))
  // @ts-expect-error not a column of the related row
  tasks.where(eq('projects.name', col('title')))
  // @ts-expect-error a value in JSON is compared with a value
  tasks.where(eq('meta->size', col('views')))
  // @ts-expect-error not a JSON column
  tasks.where(eq('title->a', 'x'))
  // @ts-expect-error no such relation
  tasks.where(eq('project.status', 'active'))
  // @ts-expect-error no such column there
  tasks.where(eq('projects.titel', 'x'))
  // @ts-expect-error not one of its values
  tasks.where(eq('projects.status', 'lost'))
  // @ts-expect-error also where no value is given
  tasks.where(isNull('projects.titel'))
  // @ts-expect-error no such relation
  tasks.where(some('project'))
  // @ts-expect-error no such column there
  tasks.where(some('projects', eq('title', 'x')))
  // @ts-expect-error also two relations away
  tasks.where(some('projects', none('tasks', eq('titel', 'x'))))
  // @ts-expect-error of nothing every row is one
  tasks.where(every('labels'))
  // @ts-expect-error not text
  tasks.where(fts('views', '1'))
  // @ts-expect-error not text
  tasks.where(like('projects.budget', '1%'))

  // A condition is a value with a type.
  const mine = (userId: string): Filter<SaasApp['tasks']['row']> => eq('assigned_to', userId)
  tasks.where(mine('u'))
  // @ts-expect-error of another table
  db.from('users').select().where(mine('u'))
}

export async function searches() {
  const { data } = await db
    .from('tasks')
    .select([
      'id',
      {
        score: { rank: '__fts' },
        title: { highlight: 'title' },
        part: { snippet: { column: 'assigned_to', before: '[', after: ']', ellipsis: '…', tokens: 8 } },
      },
    ])
    .where(fts('rocket'))
    .orderBy('__rank')
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<{ id: number; score: number; title: string; part: string | null }[]>()

  // @ts-expect-error not text
  db.from('tasks').select([{ x: { highlight: 'views' } }])
  // @ts-expect-error no such option
  db.from('tasks').select([{ x: { highlight: { column: 'title', tokens: 3 } } }])
}

export async function exactNumbers() {
  const { data } = await db
    .from('tasks')
    .select(['*', bigint('views'), { total: bigint({ sum: 'views' }) }])
    .throwOnError()
  expectTypeOf(data[0]?.views).toEqualTypeOf<bigint | undefined>()
  expectTypeOf(data[0]?.id).toEqualTypeOf<number | undefined>()
  expectTypeOf(data[0]?.total).toEqualTypeOf<bigint | null | undefined>()

  const nested = await db
    .from('projects')
    .select(['id', { tasks: [bigint('id'), bigint('due_at')] }])
    .throwOnError()
  expectTypeOf(nested.data).toEqualTypeOf<{ id: string; tasks: { id: bigint; due_at: bigint | null }[] }[]>()

  const inserted = await db
    .from('tasks')
    .insert({ id: 9007199254740993n, project_id: 'p', title: 't', created_by: 'u' })
    .returning([bigint('id')])
    .throwOnError()
  expectTypeOf(inserted.data).toEqualTypeOf<{ id: bigint }>()
  db.from('tasks').select().where(eq('id', 9007199254740993n))

  // @ts-expect-error not a number
  db.from('tasks').select([bigint('title')])
  // @ts-expect-error no such column
  db.from('tasks').select([bigint('titel')])
  // @ts-expect-error text takes no number
  db.from('tasks').select().where(eq('title', 1n))
}

export async function pages() {
  const query = db.from('tasks').select(['id', 'title']).orderBy('title').limit(10)
  const first = await query.throwOnError()
  expectTypeOf(first.next).toEqualTypeOf<string | undefined>()
  if (first.next !== undefined) {
    const second = await query.cursor(first.next)
    expectTypeOf(second.prev).toEqualTypeOf<string | undefined>()
  }
  for await (const row of query.all()) expectTypeOf(row).toEqualTypeOf<{ id: number; title: string }>()
  for await (const { data, count } of query.count().pages()) {
    expectTypeOf(data).toEqualTypeOf<{ id: number; title: string }[]>()
    expectTypeOf(count).toEqualTypeOf<number>()
  }
  for await (const row of db
    .from('tasks')
    .select(['id', { labels: ['name'] }])
    .export()) {
    expectTypeOf(row).toEqualTypeOf<{ id: number; labels: { name: string }[] }>()
  }
}

export async function writes() {
  const { data } = await db
    .from('tasks')
    .update({ views: inc(1), title: 'x', due_at: null })
    .where(eq('id', 1))
    .maxAffected(1)
    .returning(['views', { projects: ['name'], labels: { select: ['name'], order: { name: 'asc' } } }])
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<
    { views: number; projects: { name: string } | null; labels: { name: string }[] }[]
  >()

  // @ts-expect-error not a number
  db.from('tasks').update({ title: inc(1) })
  // @ts-expect-error there is nothing to add to
  db.from('users').insert({ email: inc(1) })
  const deletion = db.from('tasks').delete()
  // @ts-expect-error no such column there
  deletion.returning([{ projects: ['titel'] }])
  // @ts-expect-error rows that were written are not aggregated
  deletion.returning([{ n: { count: '*' } }])
}

export async function references() {
  const user = db.from('users').insert({ email: 'a@b.c' })
  const project = db.from('projects').insert([
    { id: 'a', name: 'A' },
    { id: 'b', name: 'B' },
  ])
  const { data } = await db
    .batch([
      user,
      project,
      db.from('tasks').insert({ project_id: project.ref('id', 1), title: 't', created_by: user.ref('id') }),
      db
        .from('tasks')
        .update({ assigned_to: user.ref('id') })
        .where(eq('project_id', project.ref('id'))),
    ])
    .maxAffected(10)
    .throwOnError()
  expectTypeOf(data[2].rows_affected).toEqualTypeOf<number>()

  // @ts-expect-error no such column
  user.ref('mail')
  // @ts-expect-error of another type
  db.from('projects').insert({ id: 'c', name: user.ref('active') })
  const deletion = db.from('tasks').delete()
  // @ts-expect-error of another type
  deletion.where(eq('views', user.ref('id')))
}

export function actors() {
  expectTypeOf(atomicbase.actAs({ role: 'viewer', user: 'usr_1' })).toEqualTypeOf<Atomicbase<SaasApp>>()
  atomicbase.actAs('anonymous')
  atomicbase.actAs({ user: 'usr_1', org: 'acme' })
  // @ts-expect-error a role is taken as it is, in no organization
  atomicbase.actAs({ role: 'viewer', org: 'acme' })
}

// Without a schema everything is taken and nothing is promised.
export async function untyped() {
  const client = new Atomicbase({ url: 'http://localhost' }).database('acme')
  const { data } = await client
    .from('tasks')
    .select([
      'a',
      bigint('b'),
      { n: { count: '*' }, t: { from: 'x', where: [eq('y', 1)], order: { z: 'asc' } } },
    ])
    .where(eq('a.b', 1), some('c', eq('d', col('e'))), fts('x'), eq('m->a.b', true))
    .groupBy('a')
    .having(gt('n', 1))
    .orderBy('n')
    .throwOnError()
  // biome-ignore lint/suspicious/noExplicitAny: that is what an untyped row holds
  expectTypeOf(data).toEqualTypeOf<Record<string, any>[]>()
  const insert = client.from('a').insert({ b: 1 })
  await client.batch([
    insert,
    client
      .from('c')
      .update({ d: insert.ref('b'), e: inc(1) })
      .where(eq('f', insert.ref('b'))),
  ])
}
