// What the compiler must infer, and what it must refuse. Compiled, never run.

import { expectTypeOf } from 'vitest'
import { and, between, eq, gt, inArray, isNull, like, not, or } from '../src/filters.js'
import { Atomicbase, type AtomicbaseError } from '../src/index.js'
import type { SaasApp } from './saas_app.js'

const atomicbase = new Atomicbase<SaasApp>({ url: 'http://localhost:8080' })
const db = atomicbase.database('acme')

type Project = {
  id: string
  name: string
  status: 'active' | 'archived'
  budget: number | null
  parent_id: string | null
}

export async function selects() {
  const { data, error, count } = await db.from('projects').select()
  expectTypeOf(data).toEqualTypeOf<Project[] | null>()
  expectTypeOf(error).toEqualTypeOf<AtomicbaseError | null>()
  expectTypeOf(count).toEqualTypeOf<undefined>()
  if (error === null) expectTypeOf(data).toEqualTypeOf<Project[]>()

  const all = await db.from('projects').select('*').throwOnError()
  expectTypeOf(all.data).toEqualTypeOf<Project[]>()
  expectTypeOf(all.error).toEqualTypeOf<null>()

  const some = await db.from('projects').select(['id', 'budget']).throwOnError()
  expectTypeOf(some.data).toEqualTypeOf<{ id: string; budget: number | null }[]>()

  const one = await db.from('projects').select(['id']).single().throwOnError()
  expectTypeOf(one.data).toEqualTypeOf<{ id: string } | null>()

  const counted = await db.from('projects').select(['id']).limit(1).count().throwOnError()
  expectTypeOf(counted.count).toEqualTypeOf<number>()

  // @ts-expect-error no such table
  db.from('project')
  // @ts-expect-error no such column
  db.from('projects').select(['id', 'titel'])
  // @ts-expect-error no such column
  db.from('projects').select().orderBy('titel')
  // @ts-expect-error no such direction
  db.from('projects').select().orderBy('id', 'up')
}

export async function relations() {
  const { data } = await db
    .from('projects')
    .select(['id', { tasks: ['id', 'title', { 'users!assigned_to': ['email'] }] }])
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<
    { id: string; tasks: { id: number; title: string; 'users!assigned_to': { email: string } | null }[] }[]
  >()

  const up = await db
    .from('tasks')
    .select(['*', { projects: ['name'] }])
    .throwOnError()
  expectTypeOf(up.data[0]?.projects).toEqualTypeOf<{ name: string } | null | undefined>()
  expectTypeOf(up.data[0]?.meta).toEqualTypeOf<{ labels: string[] } | null | undefined>()

  // A self-reference by its column is the list of those that refer to the row.
  const children = await db
    .from('projects')
    .select([{ 'projects!parent_id': ['id'] }])
    .throwOnError()
  expectTypeOf(children.data).toEqualTypeOf<{ 'projects!parent_id': { id: string }[] }[]>()

  // The row that a column refers to, by that column alone: here the parent.
  const parent = await db
    .from('projects')
    .select(['id', { '!parent_id': ['id'] }])
    .throwOnError()
  expectTypeOf(parent.data).toEqualTypeOf<{ id: string; '!parent_id': { id: string } | null }[]>()

  const renamed = await db
    .from('projects')
    .select([
      'id',
      {
        work: { from: 'tasks', select: ['title', { who: { from: 'users!assigned_to', select: ['email'] } }] },
        tasks: ['id'],
      },
      { parent: { from: '!parent_id' } },
    ])
    .throwOnError()
  expectTypeOf(renamed.data).toEqualTypeOf<
    {
      id: string
      work: { title: string; who: { email: string } | null }[]
      tasks: { id: number }[]
      parent: Project | null
    }[]
  >()

  // @ts-expect-error no such relation
  db.from('projects').select(['id', { work: { from: 'task', select: ['title'] } }])
  // @ts-expect-error no such column there
  db.from('projects').select(['id', { work: { from: 'tasks', select: ['titel'] } }])
  // @ts-expect-error beside one that there is
  db.from('projects').select(['id', { tasks: ['id'], work: { from: 'users', select: ['id'] } }])
  // @ts-expect-error no such column here
  db.from('projects').select([{ '!project_id': ['id'] }])
  // @ts-expect-error no such field
  db.from('projects').select([{ work: { from: 'tasks', were: [] } }])

  // Two keys lead from tasks to users: the plain name says too little.
  // @ts-expect-error ambiguous
  db.from('tasks').select(['id', { users: ['email'] }])
  // @ts-expect-error no key joins these tables
  db.from('users').select(['id', { projects: ['id'] }])
  // @ts-expect-error beside one that there is
  db.from('projects').select(['id', { tasks: ['id'], task: ['id'] }])
  // @ts-expect-error no such column there
  db.from('projects').select(['id', { tasks: ['titel'] }])
}

export async function writes() {
  const silent = await db.from('projects').insert({ id: 'p', name: 'Rocket' }).throwOnError()
  expectTypeOf(silent.data).toEqualTypeOf<null>()
  expectTypeOf(silent.rows_affected).toEqualTypeOf<number>()
  expectTypeOf(silent.last_insert_id).toEqualTypeOf<number | undefined>()

  const one = await db.from('users').insert({ email: 'a@b.c' }).returning(['*']).throwOnError()
  expectTypeOf(one.data).toEqualTypeOf<{ id: string; email: string; active: boolean }>()

  const many = await db
    .from('users')
    .insert([{ email: 'a@b.c' }, { email: 'd@e.f' }])
    .returning(['id'])
    .throwOnError()
  expectTypeOf(many.data).toEqualTypeOf<{ id: string }[]>()

  const perhaps = await db
    .from('users')
    .insert({ email: 'a@b.c' })
    .onConflict({ target: 'email', action: 'ignore' })
    .returning(['id'])
    .throwOnError()
  expectTypeOf(perhaps.data).toEqualTypeOf<{ id: string } | null>()

  const upserted = await db
    .from('users')
    .insert({ email: 'a@b.c' })
    .onConflict({ target: ['email'], action: 'update', update: ['active'] })
    .returning()
  expectTypeOf(upserted.data).toEqualTypeOf<{ id: string; email: string; active: boolean } | null>()

  const { data: updated } = await db
    .from('projects')
    .update({ status: 'archived', budget: null })
    .where(eq('id', 'p'))
    .returning(['id'])
    .throwOnError()
  expectTypeOf(updated).toEqualTypeOf<{ id: string }[]>()

  const { data: deleted } = await db
    .from('projects')
    .delete()
    .where(eq('id', 'p'))
    .returning(['name'])
    .single()
  expectTypeOf(deleted).toEqualTypeOf<{ name: string } | null>()

  // @ts-expect-error `name` is missing
  db.from('projects').insert({ id: 'p' })
  // @ts-expect-error not one of the column's values
  db.from('projects').insert({ id: 'p', name: 'Rocket', status: 'lost' })
  // @ts-expect-error no such column
  db.from('projects').update({ titel: 'x' })
  // @ts-expect-error no such column
  db.from('projects').delete().returning(['titel'])
  // @ts-expect-error no such column
  db.from('users').insert({ email: 'a@b.c' }).onConflict({ target: 'mail', action: 'ignore' })
}

export function conditions() {
  const query = db.from('projects').select()
  query.where(eq('status', 'active'), gt('budget', 10), between('budget', 1, 2), isNull('parent_id'))
  query.where(or(eq('status', 'active'), and(like('name', 'R%'), not(inArray('id', ['a', 'b'])))))

  const active = eq('status', 'active')
  query.where(active)

  // @ts-expect-error no such column
  query.where(eq('titel', 'x'))
  // @ts-expect-error not one of the column's values
  query.where(eq('status', 'lost'))
  // @ts-expect-error also inside a group
  query.where(or(eq('status', 'active'), not(eq('status', 'lost'))))
  // @ts-expect-error NULL equals nothing
  query.where(eq('budget', null))
  // @ts-expect-error a pattern needs text
  query.where(like('budget', '1%'))
  // @ts-expect-error a condition on another table's column
  query.where(eq<SaasApp['tasks']['row'], 'title'>('title', 'x'))
}

export async function batches() {
  const { data } = await db
    .batch([
      db.from('users').select(['id']),
      db.from('users').insert({ email: 'a@b.c' }).returning(['id']),
      db.from('users').delete().where(eq('id', 'x')),
    ])
    .throwOnError()
  const [selected, inserted, deleted] = data
  expectTypeOf(selected.data).toEqualTypeOf<{ id: string }[]>()
  expectTypeOf(selected.count).toEqualTypeOf<undefined>()
  expectTypeOf(inserted.data).toEqualTypeOf<{ id: string }>()
  expectTypeOf(deleted.data).toEqualTypeOf<null>()
  expectTypeOf(deleted.rows_affected).toEqualTypeOf<number>()

  const counted = await db.batch([db.from('users').select(['id']).count()]).throwOnError()
  expectTypeOf(counted.data[0].count).toEqualTypeOf<number>()
}

// Without a schema nothing is promised and nothing is refused; the statements are the seed's.
export async function untyped(user: { id: string }, projectId: string) {
  const atomicbase = new Atomicbase({ url: 'https://api.atomicbase.dev' })
  const db = await atomicbase.databases.create({ name: 'acme-prod', template: 'saas-app' })
  const client = atomicbase.database(db.id)
  const { data } = await client.from('projects').select()
  // biome-ignore lint/suspicious/noExplicitAny: that is what an untyped row holds
  expectTypeOf(data).toEqualTypeOf<Record<string, any>[] | null>()

  const { data: projects } = await client
    .from('projects')
    .select(['id', 'name', { tasks: ['id', 'title'] }])
    .where(eq('status', 'active'))
  // biome-ignore lint/suspicious/noExplicitAny: that is what an untyped row holds
  expectTypeOf(projects?.[0]?.tasks).toEqualTypeOf<any>()

  const { data: project } = await client
    .from('projects')
    .insert({ name: 'New Project', created_by: user.id })
    .returning(['*'])
  // biome-ignore lint/suspicious/noExplicitAny: that is what an untyped row holds
  expectTypeOf(project).toEqualTypeOf<Record<string, any> | null>()

  await client.from('projects').update({ status: 'archived' }).where(eq('id', projectId))
  await client.from('tasks').delete().where(eq('project_id', projectId))

  const typed = await atomicbase.database<SaasApp>(db.id).from('users').select(['email']).throwOnError()
  expectTypeOf(typed.data).toEqualTypeOf<{ email: string }[]>()
}

// Types that a generator writes are interfaces, which have no index signature.
interface Note {
  id: string
  body: string | null
}
interface Generated {
  notes: { row: Note; insert: Note; update: Partial<Note>; references: Record<never, never> }
}

export async function generated() {
  const client = new Atomicbase<Generated>({ url: 'http://localhost' }).database('notes')
  const { data } = await client
    .from('notes')
    .select(['body'])
    .where(eq('id', 'n'), isNull('body'))
    .throwOnError()
  expectTypeOf(data).toEqualTypeOf<{ body: string | null }[]>()
  const all = await client.from('notes').select().throwOnError()
  expectTypeOf(all.data[0]?.body).toEqualTypeOf<string | null | undefined>()
}

// @ts-expect-error not a schema
export type NotASchema = Atomicbase<{ notes: string }>
