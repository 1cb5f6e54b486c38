import {
  type Condition,
  c,
  defineConfig,
  definePolicyTests,
  defineSchema,
  defineTable,
  type InferSchema,
  type Policies,
  type PolicyCases,
  type PolicyVocabulary,
  sql,
} from '@atomicbase/schema'
import { expectTypeOf, test } from 'vitest'
import type saas from '../fixtures/saas-app.schema.js'

test('the seed sample', () => {
  type Db = InferSchema<typeof saas>
  expectTypeOf<keyof Db>().toEqualTypeOf<'projects' | 'tasks'>()
  expectTypeOf<Db['tasks']['row']>().toEqualTypeOf<{
    id: string
    project_id: string
    title: string
    status: string
    assigned_to: string | null
  }>()
  expectTypeOf<Db['tasks']['insert']>().toEqualTypeOf<{
    id: string
    project_id: string
    title: string
    status?: string
    assigned_to?: string | null
  }>()
  expectTypeOf<Db['tasks']['update']>().toEqualTypeOf<{
    id?: string
    project_id?: string
    title?: string
    status?: string
    assigned_to?: string | null
  }>()
  expectTypeOf<Db['tasks']['references']>().toEqualTypeOf<{ project_id: 'projects.id' }>()
  // biome-ignore lint/complexity/noBannedTypes: no foreign keys is the empty object
  expectTypeOf<Db['projects']['references']>().toEqualTypeOf<{}>()
})

test('keys, defaults, enums, generated columns and json', () => {
  const schema = defineSchema('shop', {
    orders: defineTable({
      number: c.integer().primaryKey().autoIncrement(),
      state: c.text().enum(['open', 'paid']).notNull().default('open'),
      note: c.text().enum(['a', 'b']),
      lines: c.json<{ sku: string; count: number }[]>().notNull(),
      anything: c.json(),
      paid: c.boolean().notNull(),
      placed_at: c.timestamp().notNull().default(sql`unixepoch()`),
      total: c.real().generated('price * count', { stored: true }),
      scan: c.blob(),
    }),
    customers: defineTable({ id: c.id(), name: c.text().notNull() }),
    places: defineTable({ order: c.integer().references('orders.number'), customer: c.text() }).primaryKey([
      'order',
      'customer',
    ]),
    counters: defineTable({ key: c.integer(), at: c.timestamp() }).primaryKey(['key']),
    clocks: defineTable({ at: c.timestamp().primaryKey() }),
  })
  type Db = InferSchema<typeof schema>
  expectTypeOf<Db['orders']['insert']>().toMatchObjectType<{
    number?: number
    state?: 'open' | 'paid'
    note?: 'a' | 'b' | null
    lines: { sku: string; count: number }[]
    paid: boolean
    placed_at?: number
    scan?: string | null
  }>()
  expectTypeOf<Db['orders']['insert']>().not.toHaveProperty('total')
  expectTypeOf<Db['orders']['update']>().not.toHaveProperty('total')
  expectTypeOf<Db['orders']['row']['total']>().toEqualTypeOf<number | null>()
  expectTypeOf<Db['orders']['row']['state']>().toEqualTypeOf<'open' | 'paid'>()
  expectTypeOf<Db['customers']['insert']>().toEqualTypeOf<{ id?: string; name: string }>()
  expectTypeOf<Db['places']['row']>().toEqualTypeOf<{ order: number; customer: string }>()
  expectTypeOf<Db['places']['insert']>().toEqualTypeOf<{ order: number; customer: string }>()
  expectTypeOf<Db['counters']['insert']>().toEqualTypeOf<{ key?: number; at?: number | null }>()
  expectTypeOf<Db['clocks']['insert']>().toEqualTypeOf<{ at: number }>()
  expectTypeOf(schema.name).toEqualTypeOf<'shop'>()
})

test('what the types refuse', () => {
  // @ts-expect-error no such column type
  c.intger
  // @ts-expect-error a default has the column's type
  c.text().default(5)
  // @ts-expect-error a default is one of the enum
  c.text().enum(['a', 'b']).default('c')
  // @ts-expect-error the default of a blob is SQL
  c.blob().default('00ff')
  // @ts-expect-error an id has no default
  c.id().default('x')
  // @ts-expect-error only integers count up
  c.text().autoIncrement()
  // @ts-expect-error an enum is of text
  c.integer().enum(['a'])
  // @ts-expect-error a reference names table and column
  c.text().references('projects')
  // @ts-expect-error no such action
  c.text().references('projects.id', { onDelete: 'cascade' })
  // @ts-expect-error an index names columns of its table
  defineTable({ title: c.text() }).index('by_titel', ['titel'])
  // @ts-expect-error a table is made of columns
  defineTable({ title: 'text' })
  defineSchema('x', {
    projects: defineTable({ id: c.id() }),
    // @ts-expect-error the schema has no projects.idd
    tasks: defineTable({ project_id: c.text().references('projects.idd') }),
  })
})

test('policies know the rows', () => {
  const tables = {
    tasks: defineTable({ owner: c.text(), size: c.integer(), state: c.text().enum(['open', 'done']) }),
  }
  defineSchema('x', tables, {
    policies: {
      tasks: {
        member: {
          select: true,
          update: ({ row, auth, eq, or }) => or(eq(row.owner, auth.userId), eq(row.state, 'open')),
        },
        viewer: { select: ({ row, gt, inArray, and }) => and(gt(row.size, 3), inArray(row.state, ['done'])) },
        admin: 'all',
      },
    },
  })
  const policies = (policies: Policies<typeof tables>) => defineSchema('x', tables, { policies })
  // @ts-expect-error no such column
  policies({ tasks: { member: { select: ({ row, eq }) => eq(row.ownr, 'a') } } })
  // @ts-expect-error a size is a number
  policies({ tasks: { member: { select: ({ row, eq }) => eq(row.size, 'a') } } })
  // @ts-expect-error no such table
  policies({ taks: { member: 'all' } })
})

test('tests of policies know the rows', () => {
  const schema = defineSchema('x', {
    tasks: defineTable({ id: c.id(), title: c.text().notNull(), size: c.integer() }),
    members: defineTable({ team: c.text(), user: c.text() }).primaryKey(['team', 'user']),
  })
  definePolicyTests(schema, {
    rows: { tasks: [{ id: 't1', title: 'One' }], members: [{ team: 'a', user: 'b' }] },
    cases: [
      { as: 'anonymous', select: 'tasks', allowed: false },
      { as: 'member; user=ada', select: 'members', sees: [['a', 'b']] },
      { as: { role: 'viewer' }, select: 'tasks', row: 't1', shows: ['title'], hides: ['size'] },
      { as: 'member', insert: 'tasks', data: { title: 'Two' }, allowed: true },
      { as: 'member', update: 'tasks', where: ({ row, gt }) => gt(row.size, 3), data: { size: 1 }, rows: 2 },
      { as: 'member', delete: 'tasks', where: { size: { gt: 3 } }, allowed: true },
    ],
  })
  const one = (test: PolicyCases<typeof schema>['cases'][number]) =>
    definePolicyTests(schema, { cases: [test] })
  // @ts-expect-error no such table
  one({ as: 'member', select: 'taks', sees: [] })
  // @ts-expect-error no such column
  one({ as: 'member', select: 'tasks', hides: ['titel'] })
  // @ts-expect-error a title is text
  one({ as: 'member', update: 'tasks', data: { title: 5 }, allowed: false })
  // @ts-expect-error a row needs its title
  one({ as: 'member', insert: 'tasks', data: { id: 't1' }, allowed: true })
  // @ts-expect-error no such column
  one({ as: 'member', delete: 'tasks', where: ({ row, eq }) => eq(row.titel, 'x'), allowed: true })
  // @ts-expect-error an insert says whether it is allowed
  one({ as: 'member', insert: 'tasks', data: { title: 'One' } })
  // @ts-expect-error a row of the members has no title
  definePolicyTests(schema, { rows: { members: [{ title: 'x' }] }, cases: [] })
  definePolicyTests('x', { rows: { anything: [{ a: 1 }] }, cases: [{ as: 'member', select: 'anything' }] })
  // @ts-expect-error a role is an object
  defineConfig({ roles: { editor: true } })
})

test('policies know relations and what can be hidden', () => {
  const tables = {
    projects: defineTable({ id: c.id(), open: c.boolean(), secret: c.text() }),
    tasks: defineTable({
      id: c.id(),
      size: c.integer(),
      project_id: c.text().references('projects.id'),
      parent_id: c.text().references('tasks.id'),
    }),
    members: defineTable({
      project_id: c.text().references('projects.id'),
      task_id: c.text().references('tasks.id'),
    }).primaryKey(['project_id', 'task_id']),
  }
  const policies = (policies: Policies<typeof tables>) => defineSchema('x', tables, { policies })
  const select = (rule: (policies: PolicyVocabulary<typeof tables, 'tasks'>) => Condition) =>
    policies({ tasks: { editor: { select: rule } } })
  select(({ some }) => some('projects', ({ row, eq }) => eq(row.open, true)))
  select(({ some }) => some('!parent_id', ({ row, eq }) => eq(row.size, 1)))
  select(({ none }) => none('tasks!parent_id'))
  select(({ every }) => every('projects!members', ({ some }) => some('members')))
  select(({ every }) => every('members', ({ some }) => some('!task_id', ({ row, gt }) => gt(row.size, 1))))
  // @ts-expect-error no such relation
  select(({ some }) => some('project'))
  // @ts-expect-error a column that refers nowhere
  select(({ some }) => some('!size'))
  // @ts-expect-error every asks something
  select(({ every }) => every('members'))
  // @ts-expect-error the related row has other columns
  select(({ some }) => some('projects', ({ row, eq }) => eq(row.size, 1)))
  // @ts-expect-error a relation's condition is a condition
  select(({ some }) => some('projects', () => true))

  policies({
    projects: {
      member: { hidden: ['secret'], update: { using: true, check: ({ row, isNull }) => isNull(row.secret) } },
    },
    members: { member: { hidden: [] } },
  })
  // @ts-expect-error the key cannot be hidden
  policies({ projects: { member: { hidden: ['id'] } } })
  // @ts-expect-error a part of the key cannot be hidden
  policies({ members: { member: { hidden: ['task_id'] } } })
  // @ts-expect-error using comes with check
  policies({ projects: { member: { update: { using: true } } } })
  // @ts-expect-error only an update has two sides
  policies({ projects: { member: { insert: { using: true, check: true } } } })
})
