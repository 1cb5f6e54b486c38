// The schema language: immutable builders that turn a TypeScript schema file into a template of format 1.
// This one file is both the npm package and the copy that the CLI's evaluator runs, so: plain ES2020, no imports.
// It refuses what it can name early; what a template may be is decided by the server.

const REFERENCE_ACTIONS = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL']
const COLUMN_TYPES = ['text', 'integer', 'real', 'blob', 'boolean', 'json', 'timestamp', 'id']
const CONFIG_SETTINGS = {
  url: 'text',
  apiKey: 'text',
  schemas: 'text',
  output: 'text',
  organizations: 'object',
  users: 'object',
  roles: 'object',
  plans: 'object',
}

// Where a builder keeps its state: under a symbol, so that completion shows only its verbs.
const state = Symbol('atomicbase.schema')

export class SchemaError extends TypeError {
  get name() {
    return 'SchemaError'
  }
}

class SqlFragment {
  constructor(text) {
    this.text = text
    Object.freeze(this)
  }
}

export function sql(strings, ...values) {
  const text = strings.reduce((joined, part, i) => joined + sqlLiteral(values[i - 1]) + part)
  return new SqlFragment(sqlText(text, 'sql'))
}

function sqlLiteral(value) {
  if (value instanceof SqlFragment) return value.text
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? '1' : '0'
  // In parentheses, because two minus signs begin a comment.
  if (typeof value === 'bigint' || Number.isFinite(value)) return value < 0 ? `(${value})` : String(value)
  if (typeof value === 'string') return `'${value.replace(/'/g, "''")}'`
  fail(`sql takes text, numbers, booleans, null and other sql, not ${describe(value)}`)
}

function sqlText(expression, verb) {
  const text = expression instanceof SqlFragment ? expression.text : expression
  if (typeof text !== 'string') fail(`${verb} takes a SQL expression, not ${describe(expression)}`)
  requireWellFormed(text)
  if (text.trim() === '') fail(`${verb} takes a SQL expression, and this one is empty`)
  return text.trim()
}

export const c = guarded(
  Object.fromEntries(COLUMN_TYPES.map((type) => [type, () => column(type, {})])),
  (name, suggestion) => () =>
    fail(`c.${name} is not a column type.${didYouMean(suggestion && `c.${suggestion}`)}`),
)

function column(type, settings, fault) {
  const verb = verbsOf((next, found) => column(type, next, found), settings, fault)
  const members = {
    [state]: { kind: 'column', type, settings, fault },
    primaryKey: verb(() => ({ primaryKey: true })),
    autoIncrement: verb(() => {
      requireType(type, ['integer'], 'autoIncrement')
      return { autoIncrement: true }
    }),
    notNull: verb(() => ({ notNull: true })),
    unique: verb(() => ({ unique: true })),
    default: verb((value) => {
      const settled = { ...settings, default: columnDefault(type, value) }
      requireDefaultInEnum(settled)
      return settled
    }),
    references: verb((target, options = {}) => ({ references: reference(target, options) })),
    check: verb((expression) => ({ check: sqlText(expression, 'check') })),
    collate: verb((name) => {
      requireType(type, ['text'], 'collate')
      return { collate: requireText(name, 'collate') }
    }),
    generated: verb((expression, options = {}) => {
      requireKnown(options, ['stored'], 'generated')
      const stored = requireBoolean(options.stored, 'stored')
      return { generated: withoutDefaults({ sql: sqlText(expression, 'generated'), stored }) }
    }),
    enum: verb((values) => {
      requireType(type, ['text'], 'enum')
      const settled = { ...settings, enum: enumValues(values) }
      requireDefaultInEnum(settled)
      return settled
    }),
    renamedFrom: verb((name) => ({ renamedFrom: requireText(name, 'renamedFrom') })),
    backfill: verb((expression) => ({ backfill: sqlText(expression, 'backfill') })),
  }
  return guarded(members, unknownVerb(verb, 'column'))
}

function columnDefault(type, value) {
  if (value instanceof SqlFragment) return { sql: value.text }
  // NULL is what a column holds without a default, so this is no default.
  if (value === null) return undefined
  if (type === 'id') fail('an id is made by the server and takes no default')
  if (type === 'blob') fail("the default of a blob is SQL, as in sql`x'00ff'`")
  if (type === 'json') return { value: plainJson(value, 'default') }
  if (!isOfType(type, value)) fail(`default ${describe(value)} is not ${TYPE_PHRASES[type]}`)
  if (type === 'text') requireWellFormed(value)
  return { value: value === 0 ? 0 : value }
}

const TYPE_PHRASES = {
  text: 'text',
  integer: 'an integer within ±2^53',
  real: 'a finite number',
  boolean: 'true or false',
  timestamp: 'a whole number of unix seconds; for the time of the insert use sql`unixepoch()`',
}

function isOfType(type, value) {
  if (type === 'text') return typeof value === 'string'
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'real') return typeof value === 'number' && Number.isFinite(value)
  return Number.isSafeInteger(value)
}

function enumValues(values) {
  if (!Array.isArray(values) || values.length === 0) fail('enum takes a list of at least one text')
  values.forEach((value, i) => {
    requireText(value, 'enum')
    if (values.indexOf(value) !== i) fail(`enum lists ${describe(value)} twice`)
  })
  return [...values]
}

function requireDefaultInEnum({ default: given, enum: allowed }) {
  if (given && allowed && 'value' in given && !allowed.includes(given.value)) {
    fail(`default ${describe(given.value)} is not one of ${allowed.map(describe).join(', ')}`)
  }
}

function reference(target, options) {
  const parts = typeof target === 'string' ? target.split('.') : []
  if (parts.length !== 2 || parts.includes(''))
    fail(`references takes 'table.column', not ${describe(target)}`)
  requireKnown(options, ['onDelete', 'onUpdate'], 'references')
  return { table: parts[0], column: parts[1], ...referenceActions(options) }
}

function referenceActions({ onDelete, onUpdate }) {
  for (const action of [onDelete, onUpdate]) {
    if (action !== undefined && !REFERENCE_ACTIONS.includes(action)) {
      const suggestion = typeof action === 'string' && closest(action, REFERENCE_ACTIONS)
      fail(
        `a reference cannot ${describe(action)}; it can ${REFERENCE_ACTIONS.join(', ')}.${didYouMean(suggestion)}`,
      )
    }
  }
  const written = (action) => (action === 'NO ACTION' ? undefined : action)
  return withoutDefaults({ on_delete: written(onDelete), on_update: written(onUpdate) })
}

export function defineTable(columns) {
  requireObject(columns, 'defineTable takes an object of columns')
  return table({ ...columns }, { unique: [], indexes: [], checks: [] })
}

function table(columns, settings, fault) {
  const verb = verbsOf((next, found) => table(columns, next, found), settings, fault)
  const members = {
    [state]: { kind: 'table', columns, settings, fault },
    index: verb((name, names, options = {}) => ({
      indexes: [...settings.indexes, tableIndex(columns, requireText(name, 'index'), names, options)],
    })),
    fts: verb((names, options = {}) => {
      if (settings.fts) fail('fts is said twice; one list holds every column that is searched')
      requireKnown(options, ['tokenize'], 'fts')
      const tokenize = options.tokenize === undefined ? undefined : requireText(options.tokenize, 'tokenize')
      return { fts: withoutDefaults({ columns: columnNames(columns, names, 'fts'), tokenize }) }
    }),
    primaryKey: verb((names) => ({ primaryKey: columnNames(columns, names, 'primaryKey') })),
    unique: verb((names) => ({ unique: [...settings.unique, columnNames(columns, names, 'unique')] })),
    check: verb((expression) => ({ checks: [...settings.checks, sqlText(expression, 'check')] })),
    renamedFrom: verb((name) => ({ renamedFrom: requireText(name, 'renamedFrom') })),
  }
  return guarded(members, unknownVerb(verb, 'table'))
}

function tableIndex(columns, name, names, options) {
  requireKnown(options, ['unique', 'where'], 'index')
  return withoutDefaults({
    name,
    columns: columnNames(columns, names, `index ${name}`),
    unique: requireBoolean(options.unique, 'unique'),
    where: options.where === undefined ? undefined : sqlText(options.where, 'where'),
  })
}

function columnNames(columns, names, verb) {
  if (!Array.isArray(names) || names.length === 0) fail(`${verb} takes a list of column names`)
  for (const name of names) requireColumn(columns, name, `${verb} names`)
  return [...names]
}

function requireColumn(columns, name, says) {
  if (typeof name !== 'string') fail(`${says} ${describe(name)}, which is not a column name`)
  if (owned(columns, name)) return
  fail(`${says} ${name}, which is not a column here.${didYouMean(closest(name, Object.keys(columns)))}`)
}

export class Schema {
  constructor(template) {
    this.template = deepFreeze(template)
    Object.freeze(this)
  }

  get name() {
    return this.template.name
  }

  toJSON() {
    return this.template
  }
}

export function defineSchema(name, tables, options = {}) {
  requireText(name, 'defineSchema')
  requireObject(tables, 'defineSchema takes a name and an object of tables')
  requireKnown(options, ['policies'], 'defineSchema')
  const written = Object.keys(tables).map((tableName) => tableTemplate(tableName, tables[tableName]))
  requireReferences(tables)
  const policies =
    options.policies === undefined ? undefined : policiesTemplate(options.policies, tables, written)
  return new Schema({ format: 1, name, tables: written, ...withoutDefaults({ policies }) })
}

function tableTemplate(name, value) {
  const built = stateOf(value, 'table', name, 'wrap its columns in defineTable({ … })')
  const { settings } = built
  const names = Object.keys(built.columns)
  const columns = names.map((column) =>
    stateOf(built.columns[column], 'column', `${name}.${column}`, 'start it with c, as in c.text()'),
  )
  const having = (key) => names.filter((_, i) => columns[i].settings[key])
  const primaryKey = tablePrimaryKey(
    name,
    names.filter((_, i) => columns[i].settings.primaryKey || columns[i].type === 'id'),
    settings.primaryKey,
  )
  requireAutoIncrementKey(name, having('autoIncrement'), primaryKey)
  const unique = [...having('unique').map((column) => [column]), ...settings.unique]
  return withoutDefaults({
    name,
    columns: columns.map((column, i) => columnTemplate(names[i], column, primaryKey.includes(names[i]))),
    primary_key: primaryKey,
    auto_increment: having('autoIncrement').length > 0,
    unique: unique.filter((set, i) => unique.findIndex((other) => other.join() === set.join()) === i),
    indexes: settings.indexes,
    checks: settings.checks,
    fts: settings.fts,
    renamed_from: settings.renamedFrom,
  })
}

function tablePrimaryKey(table, fromColumns, fromTable) {
  if (fromTable && fromColumns.length > 0 && fromColumns.join() !== fromTable.join()) {
    fail(`${table}: ${fromColumns.join(', ')} and the table's primaryKey() differ; say one of them`)
  }
  if (!fromTable && fromColumns.length > 1) {
    const list = fromColumns.map((column) => `'${column}'`).join(', ')
    fail(`${table}: a key of several columns is said once, as defineTable({ … }).primaryKey([${list}])`)
  }
  return fromTable || fromColumns
}

function requireAutoIncrementKey(table, columns, primaryKey) {
  if (columns.length > 0 && primaryKey.join() !== columns.join()) {
    fail(`${table}.${columns[0]}: autoIncrement needs the column to be the whole primary key`)
  }
}

function columnTemplate(name, { type, settings }, inPrimaryKey) {
  return withoutDefaults({
    name,
    type,
    not_null: Boolean(settings.notNull) && !inPrimaryKey,
    default: settings.default,
    references: settings.references,
    check: settings.check,
    collate: settings.collate,
    generated: settings.generated,
    enum: settings.enum,
    renamed_from: settings.renamedFrom,
    backfill: settings.backfill,
  })
}

function requireReferences(tables) {
  for (const [from, value] of Object.entries(tables)) {
    for (const [column, built] of Object.entries(value[state].columns)) {
      const target = built[state].settings.references
      if (!target) continue
      const says = `${from}.${column}: references ${target.table}.${target.column}, but`
      if (!owned(tables, target.table)) {
        const suggestion = closest(target.table, Object.keys(tables))
        fail(`${says} there is no table ${target.table}.${didYouMean(suggestion)}`)
      }
      const columns = tables[target.table][state].columns
      if (!owned(columns, target.column)) {
        const suggestion = closest(target.column, Object.keys(columns))
        fail(`${says} ${target.table} has no column ${target.column}.${didYouMean(suggestion)}`)
      }
    }
  }
}

// The builder's state; throws its fault, now that it has a name.
function stateOf(value, kind, name, advice) {
  const built = value?.[state]
  if (built?.kind !== kind) {
    const isUncalled = kind === 'column' && typeof value === 'function'
    fail(`${name} ${isUncalled ? 'is a function; call it, as in c.text()' : `is not a ${kind}; ${advice}`}`)
  }
  if (built.fault) throw named(built.fault, name)
  return built
}

// The same fault at the same place, its message led by a name.
function named(fault, name) {
  if (!(fault instanceof SchemaError)) return fault
  const error = new SchemaError(`${name}: ${fault.message}`)
  error.stack = String(fault.stack).replace(fault.message, () => error.message)
  return error
}

const RULES = ['select', 'insert', 'update', 'delete', 'hidden']

function policiesTemplate(policies, tables, written) {
  requireKnown(policies, Object.keys(tables), 'policies', 'table')
  return mapObject(policies, (table, roles) => {
    requireObject(roles, `policies.${table} takes an object of roles`)
    const template = written.find(({ name }) => name === table)
    const vocabulary = vocabularyOf(written, template)
    return mapObject(roles, (role, rules) =>
      rolePolicy(rules, vocabulary, template, `policies.${table}.${role}`),
    )
  })
}

function rolePolicy(rules, vocabulary, table, name) {
  if (rules === 'all') return 'all'
  requireObject(rules, `${name} is 'all' or an object of operations`)
  requireKnown(rules, RULES, name, 'operation')
  const written = mapObject(rules, (key, rule) => {
    try {
      if (key === 'hidden') return hiddenColumns(rule, table)
      return key === 'update' ? updateRule(rule, vocabulary) : policyRule(rule, vocabulary)
    } catch (error) {
      throw named(error, `${name}.${key}`)
    }
  })
  return withoutDefaults(written)
}

function policyRule(rule, vocabulary) {
  const answer = typeof rule === 'function' ? rule(vocabulary) : rule
  return typeof answer === 'boolean' ? answer : [conditionOf(answer, vocabulary.row)]
}

function updateRule(rule, vocabulary) {
  if (!isPlainObject(rule) || rule[state]) return policyRule(rule, vocabulary)
  requireKnown(rule, ['using', 'check'], 'update', 'rule')
  for (const part of ['using', 'check']) {
    if (rule[part] === undefined)
      fail(`update takes using and check, or one rule for both; ${part} is missing`)
  }
  const [using, check] = [policyRule(rule.using, vocabulary), policyRule(rule.check, vocabulary)]
  // Format 1 writes what is the same once, and of rows that nobody may touch no more than that.
  return using === false || JSON.stringify(using) === JSON.stringify(check) ? using : { using, check }
}

function hiddenColumns(names, { columns, primary_key: key = [] }) {
  if (!Array.isArray(names)) fail(`hidden takes a list of column names, not ${describe(names)}`)
  for (const name of names) {
    requireColumn(byName(columns), name, 'hidden names')
    if (key.includes(name)) fail(`hidden names ${name}, which is part of the primary key`)
  }
  return [...names]
}

// What a condition on a row of the table is written with. `row` also stands for that row: what is said of another row means
// nothing to it, though a column of the same name may be there. `tables` and `table` are of a template.
function vocabularyOf(tables, table) {
  const row = operands(
    table.columns.map(({ name }) => name),
    `${table.name} has no column`,
    (name) => ({ __col: name }),
    () => row,
  )
  const related = (quantifier) => (relation, condition) => {
    const target = relatedTable(tables, table, relation, quantifier)
    if (condition === undefined && quantifier !== 'every')
      return about(row, { [relation]: { [quantifier]: [] } })
    if (typeof condition !== 'function') {
      fail(
        `${quantifier} takes a relation and a function, as in ${quantifier}('${relation}', ({ row, eq }) => …)`,
      )
    }
    const inner = vocabularyOf(tables, target)
    return about(row, { [relation]: { [quantifier]: [conditionOf(condition(inner), inner.row)] } })
  }
  return { row, auth, ...operators, some: related('some'), none: related('none'), every: related('every') }
}

// Whether a foreign key joins the two is the server's to say.
function relatedTable(tables, table, relation, quantifier) {
  if (typeof relation !== 'string')
    fail(`${quantifier} takes the name of a relation, not ${describe(relation)}`)
  const [name, column] = relation.split('!')
  let target = name
  if (name === '') {
    const columns = byName(table.columns)
    requireColumn(columns, column, `${quantifier} names`)
    const { references } = columns[column]
    if (!references) fail(`${quantifier} names !${column}, which refers to no table`)
    target = references.table
  }
  const names = byName(tables)
  return (
    owned(names, target) ||
    fail(`there is no table ${target}.${didYouMean(closest(target, Object.keys(names)))}`)
  )
}

const auth = operands(['userId', 'organizationId', 'role'], 'auth has no', (name) => ({
  __auth: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
}))

function operands(names, lacks, toJson, rowOf) {
  const members = names.map((name) => [name, marked({ kind: 'operand', json: toJson(name), rowOf })])
  return guarded(Object.fromEntries(members), (name, suggestion) =>
    fail(`${lacks} ${name}.${didYouMean(suggestion)}`),
  )
}

const operators = {
  eq: comparison('eq', 'eq'),
  neq: comparison('neq', 'neq'),
  gt: comparison('gt', 'lt'),
  gte: comparison('gte', 'lte'),
  lt: comparison('lt', 'gt'),
  lte: comparison('lte', 'gte'),
  like: comparison('like'),
  glob: comparison('glob'),
  inArray: comparison('in', undefined, listOf),
  between: (left, low, high) => comparison('between', undefined, listOf)(left, [low, high]),
  isNull: (left) => comparison('is', undefined, () => null)(left),
  isNotNull: (left) => operators.not(operators.isNull(left)),
  and: combination('and'),
  or: combination('or'),
  not: (condition) => {
    const row = rowOf(condition)
    return about(row, { not: conditionOf(condition, row) })
  },
}

// `mirrored` is the operator that says the same with its sides exchanged, for eq(auth.userId, row.owner).
function comparison(operator, mirrored, toJson = operand) {
  const side = (column, verb, value) => {
    const { json, rowOf } = column[state]
    return about(rowOf(), { [json.__col]: { [verb]: toJson(value, rowOf()) } })
  }
  return (left, right) => {
    if (isColumn(left)) return side(left, operator, right)
    if (mirrored && isColumn(right)) return side(right, mirrored, left)
    fail(`${operator} compares a column of the row, as in ${operator}(row.column, …)`)
  }
}

function combination(operator) {
  return (...conditions) => {
    if (conditions.length === 0) fail(`${operator} takes at least one condition`)
    const row = rowOf(conditions[0])
    return about(row, { [operator]: conditions.map((condition) => conditionOf(condition, row)) })
  }
}

function operand(value, row) {
  const built = value?.[state]
  if (built?.kind === 'operand') {
    if (isColumn(value)) requireSame(row, built.rowOf())
    return built.json
  }
  if (typeof value === 'string') requireWellFormed(value)
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value
  const advice = value === null ? '; NULL equals nothing: use isNull(row.column)' : ''
  fail(`a condition compares with text, a number, a boolean, row or auth, not ${describe(value)}${advice}`)
}

function listOf(values, row) {
  if (!Array.isArray(values)) fail(`inArray takes a list of values, not ${describe(values)}`)
  return values.map((value) => operand(value, row))
}

function isColumn(value) {
  return value?.[state]?.kind === 'operand' && value[state].rowOf !== undefined
}

function rowOf(value) {
  const built = value?.[state]
  if (built?.kind === 'condition') return built.row
  fail(`a policy is true, false or a condition such as eq(row.column, auth.userId), not ${describe(value)}`)
}

function conditionOf(value, row) {
  requireSame(row, rowOf(value))
  return value[state].json
}

function requireSame(row, other) {
  if (row !== other) {
    fail(
      'a condition is about one row, and this one names two: a column or relation of the row outside stands inside some, none or every',
    )
  }
}

function about(row, json) {
  return marked({ kind: 'condition', json, row })
}

function marked(built) {
  return Object.freeze({ [state]: built })
}

export class PolicyTests {
  constructor(tests) {
    this.tests = deepFreeze(tests)
    Object.freeze(this)
  }

  toJSON() {
    return this.tests
  }
}

// What each kind of case says beside who acts and on which rows. The table and its columns are looked at by the command line.
const CASES = {
  select: ['sees', 'shows', 'hides', 'allowed'],
  insert: ['data', 'allowed'],
  update: ['data', 'rows', 'allowed'],
  delete: ['rows', 'allowed'],
}

export function definePolicyTests(schema, tests) {
  const isSchema = schema instanceof Schema
  const template = isSchema ? schema.name : requireText(schema, 'definePolicyTests')
  requireKnown(tests, ['rows', 'cases'], 'definePolicyTests')
  requireList(tests.cases, 'cases takes a list of cases')
  const rows = plainJson(tests.rows === undefined ? {} : tests.rows, 'rows')
  requireObject(rows, 'rows takes an object of tables')
  const cases = tests.cases.map((written, i) =>
    policyCase(written, isSchema ? schema : undefined, `cases[${i}]`),
  )
  return new PolicyTests({ template, ...(isSchema && { schema: schema.template }), rows, cases })
}

function policyCase(written, schema, name) {
  requireObject(written, `${name} is an object`)
  const operations = Object.keys(CASES).filter((operation) => owned(written, operation) !== undefined)
  if (operations.length !== 1)
    fail(`${name} has one of ${Object.keys(CASES).join(', ')}, and a table as its value`)
  const [operation] = operations
  const chosen = operation === 'insert' ? [] : ['row', 'where']
  requireKnown(
    written,
    ['as', operation, ...chosen, ...CASES[operation]],
    name,
    `part of a case of ${operation}`,
  )
  if (written.row !== undefined && written.where !== undefined)
    fail(`${name}: row and where exclude each other`)
  const { as, where, [operation]: table, ...others } = written
  return {
    as: actor(as, `${name}.as`),
    operation,
    table: requireText(table, `${name}.${operation}`),
    ...(where !== undefined && { where: policyCaseRows(where, schema, table, `${name}.where`) }),
    ...plainJson(others, name),
  }
}

function actor(as, name) {
  const says = `${name} is 'anonymous', a role, 'role; user=id' or { role, user }`
  if (as === 'anonymous') return as
  if (typeof as === 'string') {
    const [, role, user] = /^([^;=]+)(?:;\s*user=([^;=]+))?$/.exec(as) || []
    if (role === undefined) fail(`${says}, not ${describe(as)}`)
    return { role: role.trim(), ...(user !== undefined && { user: user.trim() }) }
  }
  requireObject(as, says)
  requireKnown(as, ['role', 'user'], name)
  const user = as.user === undefined ? {} : { user: requireText(as.user, `${name}.user`) }
  return { role: requireText(as.role, `${name}.role`), ...user }
}

function policyCaseRows(where, schema, tableName, name) {
  if (typeof where !== 'function') return plainJson(where, name)
  if (!schema) fail(`${name}: a function needs the schema itself as definePolicyTests' first argument`)
  const { tables } = schema.template
  const table = tables.find((table) => table.name === tableName)
  if (!table) fail(`${name}: there is no table ${describe(tableName)}`)
  try {
    const vocabulary = vocabularyOf(tables, table)
    return [conditionOf(where(vocabulary), vocabulary.row)]
  } catch (error) {
    throw named(error, name)
  }
}

export function defineConfig(config) {
  requireKnown(config, Object.keys(CONFIG_SETTINGS), 'defineConfig', 'setting')
  for (const [name, kind] of Object.entries(CONFIG_SETTINGS)) {
    if (config[name] === undefined) continue
    if (kind === 'object') requireObject(config[name], `${name} takes an object`)
    else requireText(config[name], name)
  }
  return deepFreeze(plainJson(withoutDefaults(config), 'defineConfig'))
}

// A verb answers a new builder. Its fault is kept, with the place it arose at, until defineSchema can name it.
function verbsOf(rebuild, settings, fault) {
  return (apply) =>
    (...values) => {
      try {
        return rebuild({ ...settings, ...apply(...values) }, fault)
      } catch (error) {
        // Made anew: engines keep the innermost frames of a stack only, and the user's may be far out.
        const found = error instanceof SchemaError ? new SchemaError(error.message) : error
        return rebuild(settings, fault || found)
      }
    }
}

// An unknown verb fails when it is called, because engines know the place of a call better than that of a name.
function unknownVerb(verb, builder) {
  return (name, suggestion) =>
    verb(() => fail(`${name}() is not a verb of a ${builder}.${didYouMean(suggestion && `${suggestion}()`)}`))
}

function fail(message) {
  throw new SchemaError(message)
}

// Names that test runners, promises and inspectors look for on every object; they must find nothing there.
const PROBED = ['then', 'toJSON', 'asymmetricMatch', 'nodeType', 'inspect']

// An object that answers a name it lacks by `unknown`, instead of with undefined.
function guarded(members, unknown) {
  return new Proxy(Object.freeze(members), {
    get(target, name) {
      if (typeof name === 'symbol' || name in target || PROBED.includes(name) || !/^[A-Za-z]/.test(name)) {
        return target[name]
      }
      return unknown(name, closest(name, Object.keys(target)))
    },
  })
}

function requireType(type, allowed, verb) {
  if (!allowed.includes(type)) fail(`${verb} is for ${allowed.join(' and ')} columns, and this is ${type}`)
}

function requireText(value, verb) {
  if (typeof value !== 'string') fail(`${verb} takes text, not ${describe(value)}`)
  requireWellFormed(value)
  if (value === '') fail(`${verb} takes text, and this one is empty`)
  return value
}

// Half of a surrogate pair or a NUL cannot travel to SQLite.
function requireWellFormed(text) {
  if (text.includes('\0') || /[\uD800-\uDFFF]/u.test(text)) {
    fail(`${describe(text)} holds a character that no text can hold`)
  }
}

function requireBoolean(value, name) {
  if (value !== undefined && typeof value !== 'boolean')
    fail(`${name} is true or false, not ${describe(value)}`)
  return value
}

function requireObject(value, says) {
  if (!isPlainObject(value)) fail(`${says}, not ${describe(value)}`)
}

function requireList(value, says) {
  if (!Array.isArray(value)) fail(`${says}, not ${describe(value)}`)
}

function requireKnown(value, known, verb, word = 'option') {
  requireObject(value, `${verb} takes an object`)
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      fail(`${verb}: ${name} is not a known ${word}.${didYouMean(closest(name, known))}`)
    }
  }
}

function isPlainObject(value) {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function plainJson(value, name, holders = []) {
  if (typeof value === 'string') requireWellFormed(value)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value
  if (holders.includes(value)) fail(`${name} holds itself`)
  if (holders.length > 32) fail(`${name.slice(0, 40)}… nests deeper than 32 levels`)
  const inside = [...holders, value]
  if (Array.isArray(value)) return value.map((item, i) => plainJson(item, `${name}[${i}]`, inside))
  if (isPlainObject(value)) return mapObject(value, (key, item) => plainJson(item, `${name}.${key}`, inside))
  fail(`${name} is ${describe(value)}, which is not JSON`)
}

// Format 1 leaves out whatever equals its default.
function withoutDefaults(object) {
  const isDefault = (value) =>
    value === undefined || value === false || (Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isDefault(value)))
}

function owned(object, name) {
  return Object.keys(object).includes(name) ? object[name] : undefined
}

function byName(items) {
  return Object.fromEntries(items.map((item) => [item.name, item]))
}

function mapObject(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]))
}

function deepFreeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

// A value as an error message shows it: short, on one line, never a conversion that runs the user's code.
function describe(value) {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function didYouMean(name) {
  return name ? ` Did you mean ${name}?` : ''
}

// The name that was probably meant: at most a third of the word's letters away.
function closest(word, names) {
  const near = names
    .map((name) => ({ name, distance: distance(word.slice(0, 64).toLowerCase(), name.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= Math.min(3, Math.ceil(word.length / 3)))
  return near.sort((a, b) => a.distance - b.distance).map((candidate) => candidate.name)[0]
}

// Levenshtein's distance.
function distance(a, b) {
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1)
    }
    last = row
  }
  return last[b.length]
}
