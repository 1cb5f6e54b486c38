// What the language refuses early, and the words it uses. Types would stop most of this, so each is spelt past them.
import {
  c,
  defineConfig,
  definePolicyTests,
  defineSchema,
  defineTable,
  SchemaError,
  sql,
} from '@atomicbase/schema'
import { expect, test } from 'vitest'

// biome-ignore lint/suspicious/noExplicitAny: the tests say what the types forbid
type Untyped = any
const u = c as Untyped

const schema = (columns: Untyped, change = (table: Untyped) => table, options?: Untyped) =>
  defineSchema('app', { tasks: change(defineTable(columns)) } as Untyped, options)

const complaint = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError)
    return (error as Error).message
  }
  return 'no complaint'
}

test.each<[Untyped, string]>([
  [u.text().default(5), 'default 5 is not text'],
  [u.text().default(undefined), 'default undefined is not text'],
  [u.text().default(['x']), 'default a list is not text'],
  [u.text().default('a\0b'), '"a\\u0000b" holds a character that no text can hold'],
  [u.text().default('\ud800'), '"\\ud800" holds a character that no text can hold'],
  [u.integer().default('5'), 'default "5" is not an integer within ±2^53'],
  [u.integer().default(1.5), 'default 1.5 is not an integer within ±2^53'],
  [u.integer().default(2 ** 53), 'default 9007199254740992 is not an integer within ±2^53'],
  [u.integer().default(5n), 'default 5n is not an integer within ±2^53'],
  [u.real().default(Number.NaN), 'default NaN is not a finite number'],
  [u.boolean().default(1), 'default 1 is not true or false'],
  [u.timestamp().default(new Date(0)), 'default an object is not a whole number of unix seconds'],
  [u.blob().default('00ff'), 'the default of a blob is SQL'],
  [u.json().default({ a: [() => 1] }), 'default.a[0] is a function, which is not JSON'],
  [u.json().default(new Map()), 'default is an object, which is not JSON'],
  [u.text().enum([]), 'enum takes a list of at least one text'],
  [u.text().enum(['a', 'a']), 'enum lists "a" twice'],
  [u.text().enum(['a', 5]), 'enum takes text, not 5'],
  [u.text().enum(['a', 'b']).default('c'), 'default "c" is not one of "a", "b"'],
  [u.text().default('c').enum(['a', 'b']), 'default "c" is not one of "a", "b"'],
  [u.integer().enum(['a']), 'enum is for text columns, and this is integer'],
  [u.integer().collate('NOCASE'), 'collate is for text columns, and this is integer'],
  [u.text().autoIncrement(), 'autoIncrement is for integer columns, and this is text'],
  [u.integer().autoIncrement(), 'autoIncrement needs the column to be the whole primary key'],
  [u.text().references('projects'), 'references takes \'table.column\', not "projects"'],
  [u.text().references('a.b.c'), 'references takes \'table.column\', not "a.b.c"'],
  [
    u.text().references('tasks.x', { ondelete: 'CASCADE' }),
    'ondelete is not a known option. Did you mean onDelete?',
  ],
  [u.text().references('tasks.x', { onDelete: 'CASCADES' }), 'a reference cannot "CASCADES"'],
  [u.text().references('tasks.x', null), 'references takes an object, not null'],
  [u.text().references('constructor.name'), 'there is no table constructor.'],
  [u.text().references('tasks.toString'), 'tasks has no column toString.'],
  [u.text().references('tasks.X'), 'tasks has no column X. Did you mean x?'],
  [u.text().check(''), 'check takes a SQL expression, and this one is empty'],
  [u.text().check(5), 'check takes a SQL expression, not 5'],
  [u.text().generated('a', { store: true }), 'store is not a known option. Did you mean stored?'],
  [u.text().generated('a', { stored: 1 }), 'stored is true or false, not 1'],
  [u.text().renamedFrom(''), 'renamedFrom takes text, and this one is empty'],
  [u.text().notNul().unique(), 'notNul() is not a verb of a column. Did you mean notNull()?'],
])('a column: %#', (column, message) => {
  expect(complaint(() => schema({ x: column }))).toContain(message)
  expect(complaint(() => schema({ x: column }))).toMatch(/^tasks\.x: /)
})

test.each<[(table: Untyped) => Untyped, string]>([
  [(t) => t.index('i', ['titel']), 'index i names titel, which is not a column here. Did you mean title?'],
  [(t) => t.index('i', []), 'index i takes a list of column names'],
  [(t) => t.index('i', 'title'), 'index i takes a list of column names'],
  [(t) => t.index('i', ['toString']), 'index i names toString, which is not a column here.'],
  [(t) => t.index(5, ['title']), 'index takes text, not 5'],
  [
    (t) => t.index('i', ['title'], { uniqe: true }),
    'index: uniqe is not a known option. Did you mean unique?',
  ],
  [(t) => t.index('i', ['title'], { where: 5 }), 'where takes a SQL expression, not 5'],
  [(t) => t.fts(['title']).fts(['title']), 'fts is said twice'],
  [(t) => t.unique(['x']), 'unique names x, which is not a column here.'],
  [(t) => t.primaryKey(['x']), 'primaryKey names x'],
  [(t) => t.primaryKey(['title']), "id and the table's primaryKey() differ"],
  [(t) => t.check(''), 'check takes a SQL expression'],
  [(t) => t.indx('i', ['title']), 'indx() is not a verb of a table. Did you mean index()?'],
])('a table: %#', (change, message) => {
  expect(complaint(() => schema({ id: c.id(), title: c.text() }, change))).toContain(`tasks: ${message}`)
})

test('what is not a schema at all', () => {
  const define = defineSchema as Untyped
  expect(complaint(() => define())).toBe('defineSchema takes text, not undefined')
  expect(complaint(() => define('app', []))).toContain('takes a name and an object of tables, not a list')
  expect(complaint(() => define('app', { t: { id: c.id() } }))).toBe(
    't is not a table; wrap its columns in defineTable({ … })',
  )
  expect(complaint(() => define('app', { t: defineTable }))).toContain('t is not a table')
  expect(complaint(() => schema({ id: 'text' }))).toBe(
    'tasks.id is not a column; start it with c, as in c.text()',
  )
  expect(complaint(() => schema({ id: c.text }))).toBe('tasks.id is a function; call it, as in c.text()')
  expect(complaint(() => schema({ id: defineTable({}) }))).toContain('tasks.id is not a column')
  expect(complaint(() => (defineTable as Untyped)(null))).toContain('defineTable takes an object of columns')
  expect(complaint(() => u.intger())).toBe('c.intger is not a column type. Did you mean c.integer?')
  expect(complaint(() => define('app', {}, { policie: {} }))).toContain('Did you mean policies?')
  expect(complaint(() => schema({ a: c.text().primaryKey(), b: c.id() }))).toContain(
    ".primaryKey(['a', 'b'])",
  )
})

test('a policy is checked against its table', () => {
  const policy = (rule: Untyped) => () =>
    schema({ id: c.id(), size: c.integer() }, undefined, {
      policies: { tasks: { member: { select: rule } } },
    })
  expect(complaint(policy(({ row, eq }: Untyped) => eq(row.siz, 1)))).toBe(
    'policies.tasks.member.select: tasks has no column siz. Did you mean size?',
  )
  expect(complaint(policy(({ auth, eq }: Untyped) => eq(auth.userid, 1)))).toContain('Did you mean userId?')
  expect(complaint(policy(({ row, eq }: Untyped) => eq(row.size, null)))).toContain('use isNull(row.column)')
  expect(complaint(policy(({ eq }: Untyped) => eq(1, 1)))).toContain('eq compares a column of the row')
  expect(complaint(policy(({ row }: Untyped) => row.size))).toContain('is true, false or a condition')
  expect(complaint(policy(() => ({ or: [] })))).toContain('is true, false or a condition')
  expect(complaint(policy(({ or }: Untyped) => or()))).toContain('or takes at least one condition')
  const policies = (value: Untyped) => () => schema({ id: c.id() }, undefined, { policies: value })
  expect(complaint(policies({ task: {} }))).toBe('policies: task is not a known table. Did you mean tasks?')
  expect(complaint(policies({ tasks: { member: { selekt: true } } }))).toContain('Did you mean select?')
  expect(complaint(policies({ tasks: { member: 'everything' } }))).toContain(
    "is 'all' or an object of operations",
  )
})

test('what a role may do is checked by name', () => {
  const policies = (rules: Untyped) => () =>
    schema({ id: c.id(), size: c.integer() }, undefined, { policies: { tasks: { member: rules } } })
  expect(complaint(policies({ hidden: 'size' }))).toContain(
    'member.hidden: hidden takes a list of column names',
  )
  expect(complaint(policies({ hidden: ['siz'] }))).toContain('Did you mean size?')
  expect(complaint(policies({ hidden: ['id'] }))).toContain('id, which is part of the primary key')
  expect(complaint(policies({ update: { using: true } }))).toContain('check is missing')
  expect(complaint(policies({ update: { using: true, chek: true } }))).toContain('Did you mean check?')
  expect(complaint(policies({ select: { using: true, check: true } }))).toContain(
    'is true, false or a condition',
  )
  expect(complaint(policies({ update: { using: () => 5, check: true } }))).toContain(
    'policies.tasks.member.update: a policy is true, false or a condition',
  )
})

test('a condition on related rows is about those rows', () => {
  const complaintOf = (rule: Untyped) =>
    complaint(() =>
      (defineSchema as Untyped)(
        'app',
        {
          projects: defineTable({ id: c.id(), open: c.boolean() }),
          tasks: defineTable({
            id: c.id(),
            size: c.integer(),
            project_id: c.text().references('projects.id'),
            parent_id: c.text().references('tasks.id'),
          }),
        },
        { policies: { tasks: { member: { select: rule } } } },
      ),
    )
  const two = 'a condition is about one row, and this one names two'
  expect(complaintOf(({ some, row, eq }: Untyped) => some('projects', () => eq(row.id, 'x')))).toContain(two)
  expect(
    complaintOf(({ some, row: task, eq }: Untyped) =>
      some('!parent_id', ({ row }: Untyped) => eq(row.size, task.size)),
    ),
  ).toContain(two)
  expect(
    complaintOf(({ some, row: task, or, eq }: Untyped) =>
      some('!parent_id', ({ row }: Untyped) => or(eq(row.size, 1), eq(task.size, 1))),
    ),
  ).toContain(two)
  expect(complaintOf(({ some }: Untyped) => some('projects', () => some('projects')))).toContain(two)
  expect(complaintOf(({ some }: Untyped) => some('project'))).toContain('Did you mean projects?')
  expect(complaintOf(({ some }: Untyped) => some('!parentid'))).toContain('Did you mean parent_id?')
  expect(complaintOf(({ some }: Untyped) => some('!size'))).toContain('!size, which refers to no table')
  expect(complaintOf(({ some }: Untyped) => some(5))).toContain('takes the name of a relation, not 5')
  expect(complaintOf(({ every }: Untyped) => every('projects'))).toContain('takes a relation and a function')
  expect(complaintOf(({ some }: Untyped) => some('projects', true))).toContain(
    'takes a relation and a function',
  )
  expect(complaintOf(({ some }: Untyped) => some('projects', ({ row }: Untyped) => row.size))).toContain(
    'policies.tasks.member.select: projects has no column size',
  )
  expect(complaintOf(({ some }: Untyped) => some('projects', () => true))).toContain('not true')
})

test('settings are checked by name and kind', () => {
  const config = defineConfig as Untyped
  expect(complaint(() => config({ apikey: 'x' }))).toContain('Did you mean apiKey?')
  expect(complaint(() => config({ roles: [] }))).toBe('roles takes an object, not a list')
  expect(complaint(() => config(undefined))).toBe('defineConfig takes an object, not undefined')
  expect(config({ url: 'x', users: { templates: ['a'] } })).toEqual({ url: 'x', users: { templates: ['a'] } })
})

test('a test of policies is checked by its shape', () => {
  const app = defineSchema('app', { t: defineTable({ id: c.id(), size: c.integer() }) })
  const test = (value: Untyped) => () => (definePolicyTests as Untyped)(app, { cases: [value] })
  const faults = (value: Untyped) => complaint(test(value))
  expect(faults({ as: 'member' })).toBe(
    'cases[0] has one of select, insert, update, delete, and a table as its value',
  )
  expect(faults({ as: 'member', select: 't', delete: 't' })).toContain('cases[0] has one of')
  expect(faults({ as: 'member', select: 't', row: 1, where: {} })).toContain('exclude each other')
  expect(faults({ as: 'member', select: 't', see: [] })).toContain('Did you mean sees?')
  expect(faults({ as: 'member', insert: 't', row: 1 })).toContain('is not a known part of a case of insert')
  expect(faults({ as: 5, select: 't' })).toContain("cases[0].as is 'anonymous', a role")
  expect(faults({ as: 'member; org=a', select: 't' })).toContain("cases[0].as is 'anonymous', a role")
  expect(faults({ select: 't' })).toContain('not undefined')
  expect(faults({ as: 'member', select: 't', where: ({ row, eq }: Untyped) => eq(row.siz, 1) })).toBe(
    'cases[0].where: t has no column siz. Did you mean size?',
  )
  expect(complaint(() => (definePolicyTests as Untyped)('app', { cases: {} }))).toContain('takes a list')
  expect(complaint(() => (definePolicyTests as Untyped)('app', { case: [] }))).toContain(
    'Did you mean cases?',
  )
  const wanted = {
    template: 'app',
    rows: { t: [{ id: '1' }] },
    cases: [
      { as: 'anonymous', operation: 'select', table: 't', where: [{ size: { gt: 1 } }], sees: [] },
      { as: { role: 'member', user: 'ada' }, operation: 'delete', table: 't', row: '1', rows: 1 },
    ],
  }
  const tests = definePolicyTests(app, {
    rows: { t: [{ id: '1' }] },
    cases: [
      { as: 'anonymous', select: 't', where: ({ row, gt }) => gt(row.size, 1), sees: [] },
      { as: 'member; user=ada', delete: 't', row: '1', rows: 1 },
    ],
  })
  expect(JSON.parse(JSON.stringify(tests))).toEqual({ ...wanted, schema: app.template })
})

test('builders never change, so that parts can be shared', () => {
  const text = c.text()
  const required = text.notNull()
  const table = defineTable({ id: c.id(), a: text, b: required })
  table.index('unused', ['a'])
  text.unique()
  const { template } = defineSchema('app', { t: table })
  expect(template.tables[0]).toEqual({
    name: 't',
    columns: [
      { name: 'id', type: 'id' },
      { name: 'a', type: 'text' },
      { name: 'b', type: 'text', not_null: true },
    ],
    primary_key: ['id'],
  })
  for (const value of [text, table, c]) {
    expect(() => Object.assign(value, { extra: 1 })).toThrow(TypeError)
  }
  expect(() => Object.assign(template.tables[0] as object, { name: 'other' })).toThrow(TypeError)
})

test('a schema is its template as JSON', () => {
  const app = defineSchema('app', { t: defineTable({ id: c.id() }) })
  expect(JSON.parse(JSON.stringify(app))).toEqual(app.template)
  expect(app.name).toBe('app')
})

test('sql turns values into literals', () => {
  expect(sql`a = ${"it's"} AND b IN (${1}, ${-2.5}, ${10n}, ${true}, ${null}) OR ${sql`c`}`.text).toBe(
    "a = 'it''s' AND b IN (1, (-2.5), 10, 1, NULL) OR c",
  )
  expect(complaint(() => sql`${Number.NaN}`)).toContain('not NaN')
  expect(complaint(() => sql`${{} as Untyped}`)).toContain('not an object')
  expect(complaint(() => sql`${'a\0'}`)).toContain('no text can hold')
  expect(complaint(() => sql` `)).toContain('this one is empty')
})

test('builders pass through what looks at every object', async () => {
  for (const value of [c, c.text(), defineTable({ id: c.id() })]) {
    expect(await value).toBe(value)
    expect(String(value)).toContain('object')
    expect(value).toEqual(value)
  }
})
