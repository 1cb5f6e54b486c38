// Conditions for `where`. Each is the JSON that goes over the wire; the row type only exists for the compiler.

import type { Ref } from './reference.js'
import type { RelatedOf } from './relation.js'
import type { AnyRow, ColumnsWith } from './shape.js'

declare const filteredRow: unique symbol

/** A condition on rows of type `Row`; it fits every table that has the columns it names. */
export interface Filter<Row> {
  /** Never there at run time: it makes the compiler refuse a condition on another table's columns. */
  readonly [filteredRow]: (row: Row) => void
}

/**
 * What a condition is about: a column, `meta->a.b` in a JSON column (digits index a list), or `tasks.status` and
 * `tasks.meta->a` of related rows, one of which must meet it.
 */
type Path<Row> =
  | (keyof Row & string)
  | `${Exclude<keyof Row & string, ColumnsWith<Row, Scalar>>}->${string}`
  | `${Relation<Row>}.${string}`

type Scalar = string | number | boolean
type Relation<Row> = keyof RelatedOf<Row> & string

/** The values at a path; `never` where there is no such path. */
type ValueAt<Row, P> = P extends keyof Row
  ? NonNullable<Row[P]>
  : P extends `${keyof Row & string}->${string}`
    ? Scalar
    : P extends `${infer N}.${infer Rest}`
      ? N extends keyof RelatedOf<Row>
        ? ValueAt<RelatedOf<Row>[N], Rest>
        : never
      : never

/** Refuses a path that is not there. */
type Known<Row, P> = [ValueAt<Row, P>] extends [never] ? never : unknown

/** Refuses a path to what is not text. */
type Text<Row, P> = [Extract<ValueAt<Row, P>, string>] extends [never] ? never : unknown

/** A value to compare with: given, of another column of the same row, or of an earlier query of a batch. */
type Operand<Row, P> =
  | Given<ValueAt<Row, P>>
  | (P extends `${string}->${string}` ? never : Elsewhere<NoInfer<Row>, P>)

// A whole number may be a bigint.
type Given<Value> = Value | (number extends Value ? bigint : never)

type Elsewhere<Row, P> = Ref<ValueAt<Row, P>> | Col<OtherColumn<Row, P>>

type OtherColumn<Row, P> = string extends keyof Row
  ? string
  : P extends keyof Row
    ? ColumnsWith<Row, KindOf<Row[P]>>
    : P extends `${infer N}.${infer Rest}`
      ? N extends keyof RelatedOf<Row>
        ? OtherColumn<RelatedOf<Row>[N], Rest>
        : never
      : never

type KindOf<Value> =
  NonNullable<Value> extends string ? string : NonNullable<Value> extends number ? number : NonNullable<Value>

/** Another column of the same row, as `col` names it. */
export interface Col<Column extends string> {
  readonly __col: Column
}

function condition<Row>(json: Record<string, unknown>): Filter<Row> {
  return json as unknown as Filter<Row>
}

// JSON drops `undefined`: the condition would vanish and a delete would then reach every row.
function compare<Row>(column: string, operator: string, value: unknown): Filter<Row> {
  const missing = Array.isArray(value) ? value.includes(undefined) : value === undefined
  if (missing) {
    throw new TypeError(`The value compared with \`${column}\` is undefined; use isNull() to ask for NULL.`)
  }
  return condition({ [column]: { [operator]: value } })
}

function group<Row>(operator: 'and' | 'or', filters: readonly Filter<Row>[]): Filter<Row> {
  if (filters.length === 0) {
    throw new TypeError(`${operator}() needs at least one condition.`)
  }
  return condition({ [operator]: filters })
}

/** Another column of the same row, to compare with: `gt('updated_at', col('created_at'))`. */
export function col<const Column extends string>(column: Column): Col<Column> {
  return { __col: column }
}

/** Equal. NULL equals nothing: see `isNull`. */
export function eq<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'eq', value)
}

/** Not equal. NULL is neither equal nor unequal to anything: see `isNotNull`. */
export function neq<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'neq', value)
}

/** Greater than. */
export function gt<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'gt', value)
}

/** Greater than or equal. */
export function gte<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'gte', value)
}

/** Less than. */
export function lt<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'lt', value)
}

/** Less than or equal. */
export function lte<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'lte', value)
}

/** Matches a pattern of `%` and `_`, ignoring ASCII case. */
export function like<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Text<Row, P>,
  pattern: string,
): Filter<Row> {
  return compare(column, 'like', pattern)
}

/** Matches a pattern of `*`, `?` and `[…]`, minding case. */
export function glob<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Text<Row, P>,
  pattern: string,
): Filter<Row> {
  return compare(column, 'glob', pattern)
}

/** Equal to one of the values; of no values, true for no row. */
export function inArray<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  values: readonly Operand<Row, P>[],
): Filter<Row> {
  return compare(column, 'in', values)
}

/** At least `low` and at most `high`. */
export function between<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  low: Operand<Row, P>,
  high: Operand<Row, P>,
): Filter<Row> {
  return compare(column, 'between', [low, high])
}

/** Equal, where NULL is a value like any other. */
export function is<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
  value: Given<ValueAt<Row, P>> | null,
): Filter<Row> {
  return compare(column, 'is', value)
}

/** Is NULL. In JSON: is not there, or null. */
export function isNull<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
): Filter<Row> {
  return compare(column, 'is', null)
}

/** Is not NULL. */
export function isNotNull<Row = AnyRow, P extends Path<Row> = Path<Row>>(
  column: P & Known<Row, P>,
): Filter<Row> {
  return not(compare(column, 'is', null))
}

/** All of the conditions. `where` with several does the same. */
export function and<Row = AnyRow>(...filters: Filter<Row>[]): Filter<Row> {
  return group('and', filters)
}

/** At least one of the conditions. */
export function or<Row = AnyRow>(...filters: Filter<Row>[]): Filter<Row> {
  return group('or', filters)
}

/** The condition is false; where it is neither true nor false (NULL), so is its opposite. */
export function not<Row = AnyRow>(filter: Filter<Row>): Filter<Row> {
  return condition({ not: filter })
}

/** There is a related row that meets all of the conditions; without any, that there is one. */
export function some<Row = AnyRow, N extends Relation<Row> = Relation<Row>>(
  relation: N,
  ...filters: Filter<RelatedOf<Row>[N]>[]
): Filter<Row> {
  return condition({ [relation]: { some: filters } })
}

/** No related row meets all of the conditions; without any, that there is none. */
export function none<Row = AnyRow, N extends Relation<Row> = Relation<Row>>(
  relation: N,
  ...filters: Filter<RelatedOf<Row>[N]>[]
): Filter<Row> {
  return condition({ [relation]: { none: filters } })
}

/** Every related row meets the conditions, and so do none at all. */
export function every<Row = AnyRow, N extends Relation<Row> = Relation<Row>>(
  relation: N,
  ...filters: [Filter<RelatedOf<Row>[N]>, ...Filter<RelatedOf<Row>[N]>[]]
): Filter<Row> {
  return condition({ [relation]: { every: filters } })
}

/** Has all of the words, in any of the columns that the table's full-text search covers. */
export function fts<Row = AnyRow>(words: string): Filter<Row>
/** Has all of the words in this column. */
export function fts<Row = AnyRow, C extends ColumnsWith<Row, string> = ColumnsWith<Row, string>>(
  column: C,
  words: string,
): Filter<Row>
export function fts<Row>(column: string, words?: string): Filter<Row> {
  return search('fts', column, words)
}

/** Meets an expression in the grammar of SQLite's FTS5: `match('rocket* NOT moon')`. */
export function match<Row = AnyRow>(expression: string): Filter<Row>
/** Meets it in this column. */
export function match<Row = AnyRow, C extends ColumnsWith<Row, string> = ColumnsWith<Row, string>>(
  column: C,
  expression: string,
): Filter<Row>
export function match<Row>(column: string, expression?: string): Filter<Row> {
  return search('match', column, expression)
}

function search<Row>(operator: 'fts' | 'match', first: string, second: string | undefined): Filter<Row> {
  return second === undefined ? compare('__fts', operator, first) : compare(first, operator, second)
}
