// `bigint`: columns whose numbers come back whole, however large. JSON.parse would round them beyond 2^53.

declare const exact: unique symbol

/** What `bigint` gives: an entry of a `select` or of `returning`, or an aggregate in it. */
export class Exact<out Of extends string | object> {
  /** Never there at run time: it says which column's type changes. */
  declare readonly [exact]: Of
  /** @internal */
  readonly of: Of

  /** @internal */
  constructor(of: Of) {
    this.of = of
  }
}

/**
 * An integer column as BigInt: `select(['id', bigint('amount')])`; also the `sum`, `min` or `max` of one:
 * `select([{ total: bigint({ sum: 'amount' }) }])`.
 */
export function bigint<const Of extends string | { readonly [aggregate: string]: string }>(
  column: Of,
): Exact<Of> {
  return new Exact(column)
}

/** What of an answer becomes BigInt: columns by name, related rows by theirs. */
export interface ExactColumns {
  columns: string[]
  relations: [string, ExactColumns][]
}

/** A selection as it goes over the wire, and what of its answer becomes BigInt; `undefined` when nothing does. */
export interface WireSelection {
  wire: unknown[]
  exact: ExactColumns | undefined
}

export function wireSelection(selection: readonly unknown[]): WireSelection {
  const { wire, exact } = split(selection)
  return { wire, exact: isEmpty(exact) ? undefined : exact }
}

function split(selection: readonly unknown[]): { wire: unknown[]; exact: ExactColumns } {
  const exact: ExactColumns = { columns: [], relations: [] }
  const wire = selection.map((item) => {
    if (item instanceof Exact) {
      exact.columns.push(item.of)
      return item.of
    }
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(
      Object.entries(item).map(([label, value]) => [label, labelled(label, value, exact)]),
    )
  })
  return { wire, exact }
}

function labelled(label: string, value: unknown, exact: ExactColumns): unknown {
  if (value instanceof Exact) {
    exact.columns.push(label)
    return value.of
  }
  const selection = Array.isArray(value) ? value : (value as { select?: unknown } | null)?.select
  if (!Array.isArray(selection)) return value
  const inner = split(selection)
  if (!isEmpty(inner.exact)) exact.relations.push([label, inner.exact])
  return Array.isArray(value) ? inner.wire : { ...(value as object), select: inner.wire }
}

function isEmpty({ columns, relations }: ExactColumns): boolean {
  return columns.length === 0 && relations.length === 0
}

/** Makes BigInts, in place, of what the wire sent as numbers and, beyond 2^53, as strings. */
export function readExact(rows: unknown, exact: ExactColumns): void {
  if (Array.isArray(rows)) for (const row of rows) readExact(row, exact)
  else if (typeof rows === 'object' && rows !== null) readRow(rows as Record<string, unknown>, exact)
}

function readRow(row: Record<string, unknown>, { columns, relations }: ExactColumns): void {
  for (const column of columns) {
    const value = row[column]
    if (typeof value === 'number' || typeof value === 'string') row[column] = BigInt(value)
  }
  for (const [label, exact] of relations) readExact(row[label], exact)
}
