// Conditions for `where`. Each is the JSON that goes over the wire; the row type only exists for the compiler.

import type { AnyRow } from './shape.js'

declare const filteredRow: unique symbol

/** A condition on rows of type `Row`; it fits every table that has the columns it names. */
export interface Filter<Row> {
  /** Never there at run time: it makes the compiler refuse a condition on another table's columns. */
  readonly [filteredRow]: (row: Row) => void
}

type Column<Row> = keyof Row & string
type Value<Row, C extends keyof Row> = NonNullable<Row[C]>
type TextColumn<Row> = { [C in keyof Row]-?: NonNullable<Row[C]> extends string ? C : never }[keyof Row] &
  string

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

/** Equal. NULL equals nothing: see `isNull`. */
export function eq<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'eq', value)
}

/** Not equal. NULL is neither equal nor unequal to anything: see `isNotNull`. */
export function neq<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'neq', value)
}

/** Greater than. */
export function gt<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'gt', value)
}

/** Greater than or equal. */
export function gte<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'gte', value)
}

/** Less than. */
export function lt<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'lt', value)
}

/** Less than or equal. */
export function lte<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  value: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'lte', value)
}

/** Matches a pattern of `%` and `_`, ignoring ASCII case. */
export function like<Row = AnyRow, C extends TextColumn<Row> = TextColumn<Row>>(
  column: C,
  pattern: string,
): Filter<Row> {
  return compare(column, 'like', pattern)
}

/** Matches a pattern of `*`, `?` and `[…]`, minding case. */
export function glob<Row = AnyRow, C extends TextColumn<Row> = TextColumn<Row>>(
  column: C,
  pattern: string,
): Filter<Row> {
  return compare(column, 'glob', pattern)
}

/** Equal to one of the values; of no values, true for no row. */
export function inArray<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  values: readonly Value<Row, C>[],
): Filter<Row> {
  return compare(column, 'in', values)
}

/** At least `low` and at most `high`. */
export function between<Row = AnyRow, C extends Column<Row> = Column<Row>>(
  column: C,
  low: Value<Row, C>,
  high: Value<Row, C>,
): Filter<Row> {
  return compare(column, 'between', [low, high])
}

/** Equal, where NULL is a value like any other. */
export function is<Row = AnyRow, C extends Column<Row> = Column<Row>>(column: C, value: Row[C]): Filter<Row> {
  return compare(column, 'is', value)
}

/** Is NULL. */
export function isNull<Row = AnyRow, C extends Column<Row> = Column<Row>>(column: C): Filter<Row> {
  return compare(column, 'is', null)
}

/** Is not NULL. */
export function isNotNull<Row = AnyRow, C extends Column<Row> = Column<Row>>(column: C): Filter<Row> {
  return not(isNull<Row, C>(column))
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
