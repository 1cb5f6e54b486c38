// The OpenAPI document as it would be for one database: bodies with the names and types that its introspection tells. What is
// generated from it is mostly answered with rows, where the document that every database shares mostly gets unknown names refused.

export type Schema = { [word: string]: unknown }

/** A table as `GET /data/schema` tells it. */
export interface Table {
  name: string
  columns: { name: string; type: string; not_null: boolean; generated: boolean; enum?: string[] }[]
  relations: { name: string; table: string; kind: 'one' | 'many' }[]
  fts?: string[]
}

const values: { [type: string]: Schema } = {
  text: { enum: ['ada', 'p1', 'l1', 'Rocket', '', 'ä"\'%_'] },
  id: { type: 'string', maxLength: 40 },
  // Listed, because a range is also filled with 3.0, which is no integer here.
  integer: { enum: [1, 2, 3, 5, 0, -9, 100, '9223372036854775807'] },
  timestamp: { enum: [0, 90, 100, 200, 300] },
  real: { type: 'number', minimum: -1e9, maximum: 1e9 },
  boolean: { type: 'boolean' },
  blob: { enum: ['', 'AA==', 'AAEC'] },
  json: { enum: [{ size: 3 }, { labels: ['urgent'] }, [], 'text', 7, false, null] },
}
const patterns: Schema = { enum: ['%', 'r%', '_', '*', '[a-z]*', ''] }
const words: Schema = { enum: ['rocket', 'the rocket', 'weld*', 'rocket OR boat', '"it"', 'NEAR(a b)', '('] }

const object = (properties: Schema, more: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
})
const list = (items: Schema, minItems: number, maxItems: number): Schema => ({
  type: 'array',
  items,
  minItems,
  maxItems,
})
const part = (what: string, table: string): Schema => ({ $ref: `#/components/schemas/${what}-${table}` })

/** The document with a path per table and typed batches, in the place of all its paths. */
export function typed(document: Schema, tables: Table[]): Schema {
  const { paths, components } = document as {
    paths: { [path: string]: { post: Schema } }
    components: { schemas: Schema }
  }
  const asked = (path: string, body: Schema, prefer: string[]): Schema => ({
    post: {
      ...paths[path]?.post,
      parameters: [
        { name: 'Database', in: 'header', required: true, schema: { enum: ['board'] } },
        {
          name: 'Act-As',
          in: 'header',
          schema: { enum: ['role=owner', 'role=member; user=ada', 'role=viewer; user=bob'] },
        },
        { name: 'Prefer', in: 'header', schema: { enum: prefer } },
      ],
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    },
  })
  const selects = tables.map(({ name }) => [
    `/data/query/${name}`,
    asked('/data/query/{table}', part('select', name), ['count=exact', 'bigint=string']),
  ])
  const operations = tables.flatMap(({ name }) =>
    ['select', 'insert', 'update', 'delete'].map((operation) =>
      object(
        { operation: { const: operation }, table: { const: name }, body: part(operation, name) },
        { required: ['operation', 'table', 'body'] },
      ),
    ),
  )
  const batch = object({ operations: list({ anyOf: operations }, 1, 4) }, { required: ['operations'] })
  return {
    ...document,
    paths: {
      ...Object.fromEntries(selects),
      '/data/batch': asked('/data/batch', batch, ['count=exact', 'max-affected=2']),
    },
    components: {
      ...components,
      schemas: { ...components.schemas, ...Object.assign({}, ...tables.map(schemas)) },
    },
  }
}

/** What may be asked of a table. */
function schemas(table: Table): Schema {
  const { name, columns, relations } = table
  const column = { enum: columns.map((column) => column.name) }
  const related = Object.fromEntries(
    relations.map((relation) => [relation.name, part(relation.kind, relation.table)]),
  )
  const aggregate = {
    enum: [{ count: '*' }, ...columns.flatMap((it) => [{ count: it.name }, { max: it.name }])],
  }
  const selection = list(
    { anyOf: [{ enum: ['*', ...column.enum] }, object(related, { minProperties: 1, maxProperties: 2 })] },
    1,
    4,
  )
  const order = {
    type: 'object',
    propertyNames: column,
    additionalProperties: { enum: ['asc', 'desc'] },
    maxProperties: 3,
  }
  const rows = { where: part('where', name), order, limit: { enum: [0, 1, 2, 20] } }
  const grouped = object(
    {
      where: part('where', name),
      group: column,
      select: list(object({ n: aggregate }, { required: ['n'] }), 1, 1),
      having: { enum: [{ n: { gt: 0 } }] },
    },
    { required: ['select'] },
  )
  const written = columns.filter((it) => !it.generated)
  const row = object(Object.fromEntries(written.map((it) => [it.name, value(it)])), {
    required: written.filter((it) => it.not_null).map((it) => it.name),
  })
  const data = { ...row, required: [], minProperties: 1, maxProperties: 3 }
  const some = { where: { ...part('where', name) }, returning: selection }
  return {
    [`one-${name}`]: { anyOf: [list(column, 1, 3), object({ select: selection })] },
    [`many-${name}`]: { anyOf: [list(column, 1, 3), object({ ...rows, select: selection })] },
    [`select-${name}`]: {
      anyOf: [object({ ...rows, select: selection, offset: { enum: [0, 1] } }), grouped],
    },
    [`insert-${name}`]: object(
      {
        data: { anyOf: [row, list(row, 0, 3)] },
        returning: selection,
        on_conflict: { enum: ['ignore', 'update', 'replace'].map((action) => ({ action })) },
      },
      { required: ['data'] },
    ),
    [`update-${name}`]: object({ data, ...some }, { required: ['data', 'where'] }),
    [`delete-${name}`]: object(some, { required: ['where'] }),
    [`where-${name}`]: list(conditions(table), 1, 3),
  }
}

function value(column: Table['columns'][number]): Schema {
  const schema = column.enum === undefined ? (values[column.type] ?? {}) : { enum: column.enum }
  return column.not_null ? schema : { anyOf: [schema, { type: 'null' }] }
}

function conditions({ name, columns, relations, fts }: Table): Schema {
  const one = { minProperties: 1, maxProperties: 1 }
  const tests = columns.map((column) => {
    const { type } = column
    if (type === 'json') return [column.name, { enum: [{ is: null }, { not: null }] }]
    const operand = column.enum === undefined ? values[type] : { enum: column.enum }
    const compared = Object.fromEntries(
      ['eq', 'neq', 'gt', 'lte', 'is', 'not'].map((word) => [word, operand]),
    )
    const ranges = { in: list(operand ?? {}, 0, 3), between: list(operand ?? {}, 2, 2) }
    const texts = type === 'text' ? { like: patterns, glob: patterns } : {}
    const search = fts?.includes(column.name) ? { fts: words, match: words } : {}
    return [column.name, object({ ...compared, ...ranges, ...texts, ...search }, one)]
  })
  const paths = columns
    .filter(({ type }) => type === 'json')
    .map((column) => [`${column.name}->size`, { enum: [{ eq: 3 }, { is: null }] }])
  const quantified = relations.map((relation) => {
    const where = part('where', relation.table)
    return [relation.name, object({ some: where, none: where, every: where }, one)]
  })
  const search = fts === undefined ? [] : [['__fts', object({ fts: words, match: words }, one)]]
  const all = part('where', name)
  return object(
    { ...Object.fromEntries([...tests, ...paths, ...quantified, ...search]), or: all, not: all },
    { ...one, maxProperties: 2 },
  )
}
