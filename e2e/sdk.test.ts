// The compiled SDK in Node against the real program: from an empty project to a changed schema.

import { Atomicbase, AtomicbaseError, type Job } from '@atomicbase/sdk'
import {
  and,
  between,
  eq,
  glob,
  gt,
  inArray,
  isNotNull,
  isNull,
  like,
  lt,
  neq,
  not,
  or,
} from '@atomicbase/sdk/filters'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Version1, type Version2, version1, version2, withoutDone } from './saas_app.js'
import { SERVICE_KEY, type Server, startServer } from './server.js'

let server: Server
let atomicbase: Atomicbase<Version1>

beforeAll(async () => {
  server = await startServer()
  atomicbase = new Atomicbase<Version1>({ url: server.url, apiKey: SERVICE_KEY })
  await pushed(version1)
})

afterAll(async () => {
  await server?.stop()
})

async function pushed(template: typeof version1 | typeof version2): Promise<Job | undefined> {
  const { job_id } = await atomicbase.templates.push(template)
  let last: Job | undefined
  if (job_id !== null) for await (const job of atomicbase.jobs.watch(job_id)) last = job
  return last
}

/** A database of its own for each test. */
async function emptyDatabase(name: string) {
  const { id } = await atomicbase.databases.create({ name, template: 'saas-app' })
  return atomicbase.database(id)
}

describe('rows', () => {
  test('are inserted, read, changed and deleted', async () => {
    const db = await emptyDatabase('rows')

    const inserted = await db.from('projects').insert({ id: 'p1', name: 'Rocket' }).returning(['*'])
    expect(inserted).toEqual({
      data: { id: 'p1', name: 'Rocket', status: 'active', budget: null, created_at: 0 },
      error: null,
      rows_affected: 1,
    })
    const many = await db
      .from('tasks')
      .insert([
        { project_id: 'p1', title: 'Design', meta: { labels: ['a', 'b'] } },
        { project_id: 'p1', title: 'Build', done: true },
      ])
      .returning(['id', 'title'])
      .throwOnError()
    expect(many.data.map(({ title }) => title)).toEqual(['Design', 'Build'])
    expect(many.rows_affected).toBe(2)

    const silent = await db.from('projects').insert({ id: 'p2', name: 'Boat', budget: 10.5 })
    expect(silent).toMatchObject({ data: null, error: null, rows_affected: 1 })

    const { data } = await db.from('tasks').select().where(eq('title', 'Design')).single().throwOnError()
    expect(data).toMatchObject({
      project_id: 'p1',
      title: 'Design',
      done: false,
      meta: { labels: ['a', 'b'] },
    })

    const updated = await db
      .from('tasks')
      .update({ done: true })
      .where(eq('done', false))
      .returning(['title', 'done'])
    expect(updated).toMatchObject({ data: [{ title: 'Design', done: true }], rows_affected: 1 })

    const deleted = await db.from('tasks').delete().where(eq('done', true))
    expect(deleted).toMatchObject({ data: null, rows_affected: 2 })
    expect((await db.from('tasks').select().count()).count).toBe(0)
  })

  test('are related both ways', async () => {
    const db = await emptyDatabase('relations')
    await db
      .from('projects')
      .insert([
        { id: 'p1', name: 'Rocket' },
        { id: 'p2', name: 'Boat' },
      ])
      .throwOnError()
    await db
      .from('tasks')
      .insert([
        { project_id: 'p1', title: 'Design' },
        { project_id: 'p1', title: 'Build' },
      ])
      .throwOnError()

    const down = await db
      .from('projects')
      .select(['name', { tasks: ['title'] }])
      .orderBy('name', 'desc')
      .throwOnError()
    expect(down.data).toEqual([
      { name: 'Rocket', tasks: [{ title: 'Design' }, { title: 'Build' }] },
      { name: 'Boat', tasks: [] },
    ])
    const up = await db
      .from('tasks')
      .select(['title', { projects: ['id', 'name'] }])
      .throwOnError()
    expect(up.data[0]).toEqual({ title: 'Design', projects: { id: 'p1', name: 'Rocket' } })

    const renamed = await db
      .from('projects')
      .select(['id', { work: { from: 'tasks', select: ['title', { of: { from: '!project_id' } }] } }])
      .orderBy('id')
      .throwOnError()
    const of = { id: 'p1', name: 'Rocket', status: 'active', budget: null, created_at: 0 }
    expect(renamed.data).toEqual([
      {
        id: 'p1',
        work: [
          { title: 'Design', of },
          { title: 'Build', of },
        ],
      },
      { id: 'p2', work: [] },
    ])
  })

  test('are found by every filter, sorted and counted', async () => {
    const db = await emptyDatabase('filters')
    await db
      .from('projects')
      .insert([
        { id: 'a', name: 'Alpha', budget: 1 },
        { id: 'b', name: 'Beta', budget: 2 },
        { id: 'c', name: 'Gamma', budget: 3, status: 'archived' },
        { id: 'd', name: 'Delta' },
      ])
      .throwOnError()
    const select = db.from('projects').select(['id']).orderBy('id')
    const ids = async (query: typeof select) => (await query.throwOnError()).data.map(({ id }) => id).join('')

    expect(await ids(select.where(eq('name', 'Beta')))).toBe('b')
    expect(await ids(select.where(neq('name', 'Beta')))).toBe('acd')
    expect(await ids(select.where(gt('budget', 1), lt('budget', 3)))).toBe('b')
    expect(await ids(select.where(between('budget', 1, 2)))).toBe('ab')
    expect(await ids(select.where(like('name', '%eta')))).toBe('b')
    expect(await ids(select.where(glob('name', '?e*')))).toBe('bd')
    expect(await ids(select.where(inArray('id', ['a', 'd', 'x'])))).toBe('ad')
    expect(await ids(select.where(inArray('id', [])))).toBe('')
    expect(await ids(select.where(isNull('budget')))).toBe('d')
    expect(await ids(select.where(isNotNull('budget')))).toBe('abc')
    expect(await ids(select.where(not(eq('status', 'active'))))).toBe('c')
    expect(await ids(select.where(or(eq('id', 'a'), and(eq('status', 'active'), gt('budget', 1)))))).toBe(
      'ab',
    )

    const page = await db.from('projects').select(['id']).orderBy('budget', 'desc').limit(2).offset(1).count()
    expect(page).toMatchObject({ data: [{ id: 'b' }, { id: 'a' }], count: 4 })
  })

  test('that exist already are refused, ignored or replaced', async () => {
    const db = await emptyDatabase('conflicts')
    const insert = db.from('projects').insert({ id: 'p1', name: 'New' })
    await db.from('projects').insert({ id: 'p1', name: 'Old', budget: 5 }).throwOnError()

    expect((await insert).error).toMatchObject({ code: 'UNIQUE_VIOLATION', status: 409 })
    const ignored = await insert.onConflict({ target: 'id', action: 'ignore' }).returning(['name'])
    expect(ignored).toMatchObject({ data: null, error: null, rows_affected: 0 })
    const updated = await insert.onConflict({ target: 'id', action: 'update', update: ['name'] }).returning()
    expect(updated.data).toMatchObject({ name: 'New', budget: 5 })
    const replaced = await insert.onConflict({ target: 'id', action: 'replace' }).returning()
    expect(replaced.data).toMatchObject({ name: 'New', budget: null })
  })

  test('change together in a batch, or not at all', async () => {
    const db = await emptyDatabase('batch')
    const { data } = await db
      .batch([
        db.from('projects').insert({ id: 'p1', name: 'Rocket' }).returning(['id']),
        db.from('tasks').insert({ project_id: 'p1', title: 'Design' }),
        db
          .from('projects')
          .select(['name', { tasks: ['title'] }])
          .single(),
      ])
      .throwOnError()
    expect(data[0]).toMatchObject({ data: { id: 'p1' }, rows_affected: 1 })
    expect(data[1]).toMatchObject({ data: null, rows_affected: 1 })
    expect(data[2].data).toEqual({ name: 'Rocket', tasks: [{ title: 'Design' }] })

    const { error } = await db.batch([
      db.from('projects').insert({ id: 'p2', name: 'Boat' }),
      db.from('projects').insert({ id: 'p1', name: 'Rocket again' }),
    ])
    expect(error?.code).toBe('UNIQUE_VIOLATION')
    expect((await db.from('projects').select(['id']).throwOnError()).data).toEqual([{ id: 'p1' }])
  })
})

describe('errors', () => {
  test('are values with a code, a hint and a request id', async () => {
    const db = await emptyDatabase('errors')
    const untyped = new Atomicbase({ url: server.url, apiKey: SERVICE_KEY }).database('errors')

    const { data, error } = await untyped.from('tasks').select(['titel'])
    expect(data).toBeNull()
    expect(error).toBeInstanceOf(AtomicbaseError)
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND', status: 400 })
    expect(error?.hint).toMatch(/title/)
    expect(error?.requestId).toBeTruthy()

    expect((await untyped.from('task').select()).error?.code).toBe('TABLE_NOT_FOUND')
    expect((await db.from('projects').delete()).error?.code).toBe('MISSING_WHERE_CLAUSE')
    expect((await db.from('tasks').insert({ project_id: 'x', title: 'x' })).error?.code).toBe(
      'FOREIGN_KEY_VIOLATION',
    )
    expect((await untyped.from('tasks').insert({ title: 'x' })).error?.code).toBe('NOT_NULL_VIOLATION')
    expect((await untyped.from('projects').insert({ id: 1, name: 'x' })).error?.code).toBe('TYPE_MISMATCH')
    expect((await untyped.from('projects').insert({ id: 'a', name: 'x', status: 'lost' })).error?.code).toBe(
      'CHECK_VIOLATION',
    )
    await expect(untyped.from('tasks').select(['titel']).throwOnError()).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
    })
  })

  test('tell who may not', async () => {
    const stranger = new Atomicbase({ url: server.url, apiKey: 'atb_sk_nobody_knows_this_key_0123456789ab' })
    await expect(stranger.databases.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 })
    const { error } = await atomicbase.database('no-such-database').from('tasks').select()
    expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', status: 404 })
  })
})

describe('databases', () => {
  test('are created once, found by id and name, listed and deleted', async () => {
    const created = await atomicbase.databases.create({ name: 'acme-prod', template: 'saas-app' })
    expect(created).toMatchObject({ name: 'acme-prod', template: 'saas-app', version: 1, status: 'ready' })
    expect(created.id).toMatch(/^db_/)
    await expect(
      atomicbase.databases.create({ name: 'acme-prod', template: 'saas-app' }),
    ).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    })
    await expect(atomicbase.databases.create({ name: 'x', template: 'no-such' })).rejects.toMatchObject({
      code: 'TEMPLATE_NOT_FOUND',
    })
    expect(await atomicbase.databases.get('acme-prod')).toEqual(await atomicbase.databases.get(created.id))

    const all = await atomicbase.databases.list({ template: 'saas-app' })
    expect(all.map(({ name }) => name)).toContain('acme-prod')
    const { data, next } = await atomicbase.databases.list({ limit: 1 }).page()
    expect(data).toHaveLength(1)
    expect(next).toBeDefined()
    const rest = await atomicbase.databases.list({ cursor: next ?? '' })
    expect([...data, ...rest].map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort())

    await atomicbase.databases.delete('acme-prod')
    await expect(atomicbase.databases.get('acme-prod')).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' })
  })

  test('tell their schema', async () => {
    const db = await emptyDatabase('described')
    const { tables } = await db.schema()
    const tasks = tables.find(({ name }) => name === 'tasks')
    expect(tasks?.columns.map(({ name }) => name)).toEqual(['id', 'project_id', 'title', 'done', 'meta'])
    expect(tasks?.columns[1]).toEqual({
      name: 'project_id',
      type: 'text',
      not_null: true,
      has_default: false,
      generated: false,
      references: 'projects.id',
    })
    expect(tasks?.primary_key).toEqual(['id'])
    expect(tasks?.relations).toEqual([
      { name: '!project_id', table: 'projects', kind: 'one', column: 'project_id', references: 'id' },
    ])
  })
})

describe('a changed schema', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server?.stop()
  })

  test('reaches every database, and the first request after release sees it', async () => {
    const atomicbase = new Atomicbase<Version2>({ url: server.url, apiKey: SERVICE_KEY })
    expect((await atomicbase.templates.push(version1)).version).toBe(1)
    const names = Array.from({ length: 20 }, (_, i) => `tenant-${i}`)
    for (const name of names) {
      await atomicbase.databases.create({ name, template: 'saas-app' })
      await atomicbase.database(name).from('projects').insert({ id: 'p', name }).throwOnError()
    }

    const diff = await atomicbase.templates.diff(version2)
    expect(diff).toMatchObject({ from_version: 1, to_version: 2, destructive: false, databases: 20 })
    expect(diff.changes.map(({ summary }) => summary)).toContain('+ tasks.assigned_to (TEXT)')

    const push = await atomicbase.templates.push(version2)
    expect(push).toMatchObject({ version: 2, databases: 20 })
    const seen: Job[] = []
    for await (const job of atomicbase.jobs.watch(push.job_id ?? '')) seen.push(job)
    expect(seen.at(-1)).toMatchObject({ status: 'completed', total: 20, done: 20, failed: 0 })

    for (const name of names) {
      const db = atomicbase.database(name)
      await db.from('tasks').insert({ project_id: 'p', title: 'x', assigned_to: 'somebody' }).throwOnError()
      const { data } = await db
        .from('projects')
        .select(['name', { tasks: ['assigned_to'] }])
        .single()
        .throwOnError()
      expect(data).toEqual({ name, tasks: [{ assigned_to: 'somebody' }] })
    }
    expect(new Set((await atomicbase.databases.list()).map(({ version }) => version))).toEqual(new Set([2]))

    const again = await atomicbase.templates.push(version2)
    expect(again).toMatchObject({ job_id: null, version: 2, changes: [] })
    const history = await atomicbase.templates.history('saas-app')
    expect(history.map(({ version, state }) => [version, state])).toEqual([
      [2, 'complete'],
      [1, 'complete'],
    ])
    expect(await atomicbase.templates.get('saas-app')).toMatchObject({
      version: 2,
      template: { name: 'saas-app' },
    })
    expect((await atomicbase.templates.list()).map(({ name }) => name)).toEqual(['saas-app'])
    expect((await atomicbase.jobs.list({ limit: 1 }))[0]?.id).toBe(push.job_id)
    expect(await atomicbase.jobs.get(push.job_id ?? '')).toMatchObject({ status: 'completed' })
  })

  test('that loses data needs consent', async () => {
    const atomicbase = new Atomicbase({ url: server.url, apiKey: SERVICE_KEY })
    const refused = atomicbase.templates.push(withoutDone)
    await expect(refused).rejects.toMatchObject({ code: 'DESTRUCTIVE_CHANGE', status: 422 })
    const { errors } = (await refused.catch((error) => error)) as AtomicbaseError
    expect(errors.map(({ path }) => path)).toContain('tasks.done')

    const { job_id } = await atomicbase.templates.push(withoutDone, { allowDestructive: true })
    let last: Job | undefined
    for await (const job of atomicbase.jobs.watch(job_id ?? '')) last = job
    expect(last?.status).toBe('completed')
    expect((await atomicbase.database('tenant-3').from('tasks').select(['done'])).error?.code).toBe(
      'COLUMN_NOT_FOUND',
    )
  })
})
