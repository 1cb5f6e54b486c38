// `select`: reading rows of a table and of the tables related to it; once, page by page, or as a stream.

import type { WireSelection } from './bigint.js'
import { exportRows } from './export_rows.js'
import type { Filter } from './filters.js'
import {
  type Amount,
  type DataOf,
  dataOf,
  type Operation,
  type Preferences,
  type QueryOptions,
  TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import { Ref } from './reference.js'
import type { Scope } from './relation.js'
import type { AggregateLabel, Aggregates, Selected } from './selected.js'
import type { Direction, Rank } from './selection.js'
import type { ColumnOf, RowOf, SchemaShape } from './shape.js'

/** A select that succeeded. `count` is there when it was asked for, and only then. */
export type SelectAnswer<Row, A extends Amount, Counted extends boolean> = {
  data: DataOf<Row, A>
  error: null
  /** Where the next page begins, for `.cursor`; not there when no row follows. */
  next?: string
  /** Where the page before ends, likewise. */
  prev?: string
} & (Counted extends true ? { count: number } : { count?: undefined })

interface SelectState extends QueryOptions {
  readonly table: string
  readonly columns?: WireSelection | undefined
  readonly where: readonly unknown[]
  readonly group?: readonly string[]
  readonly having: readonly unknown[]
  readonly distinct?: boolean
  readonly order: readonly Record<string, Direction>[]
  readonly limit?: number
  readonly offset?: number
  readonly cursor?: string
  readonly amount: Amount
  readonly counted: boolean
}

/** Rows of a table. Every method gives a new query and leaves this one as it is. */
export class SelectQuery<
  S extends SchemaShape<S>,
  T extends keyof S,
  C extends '*' | readonly unknown[],
  A extends Amount = 'many',
  Counted extends boolean = false,
  Throws extends boolean = false,
> extends TableQuery<SelectAnswer<Selected<S, T, C>, A, Counted>, Throws> {
  readonly #state: SelectState

  /** @internal */
  constructor(target: Target, state: SelectState) {
    super(target, state)
    this.#state = state
  }

  /** Only rows for which all conditions hold, those of earlier calls included. */
  where(...filters: Filter<Scope<S, T>>[]): this {
    return this.#with({ where: [...this.#state.where, ...filters] })
  }

  /**
   * One row per group of rows that have the same values in these columns, with the aggregates of the selection:
   * `select(['status', { n: { count: '*' } }]).groupBy('status')`. Without a selection, the columns themselves.
   */
  groupBy<const G extends readonly [ColumnOf<S, T>, ...ColumnOf<S, T>[]]>(
    ...columns: G
  ): SelectQuery<S, T, C extends '*' ? G : C, A, Counted, Throws> {
    return this.#with({ group: columns })
  }

  /** Only groups for which all conditions hold; they are about the aggregates of the selection, by their labels. */
  having(...filters: Filter<Aggregates<S, T, C>>[]): this {
    return this.#with({ having: [...this.#state.having, ...filters] })
  }

  /** Rows that are alike in all selected columns come once. */
  distinct(): this {
    return this.#with({ distinct: true })
  }

  /**
   * Sorts by a column, by the label of an aggregate, or by the `__rank` of a full-text search, after those of earlier
   * calls. NULLs come first ascending and last descending.
   */
  orderBy(column: ColumnOf<S, T> | AggregateLabel<C> | Rank, direction: Direction = 'asc'): this {
    return this.#with({ order: [...this.#state.order, { [column]: direction }] })
  }

  /** At most so many rows; without it the server's default holds. */
  limit(rows: number): this {
    return this.#with({ limit: rows })
  }

  /** Leaves out the first rows. */
  offset(rows: number): this {
    return this.#with({ offset: rows })
  }

  /** The page that `next` or `prev` of another page's answer names. The conditions and the order must be that page's. */
  cursor(cursor: string): this {
    return this.#with({ cursor })
  }

  /** One row or `null`; an error when there are more. */
  single(): SelectQuery<S, T, C, 'one_or_none', Counted, Throws> {
    return this.#with({ amount: 'one_or_none' })
  }

  /** Also counts all rows that match, whatever `limit` and `offset` are. */
  count(): SelectQuery<S, T, C, A, true, Throws> {
    return this.#with({ counted: true })
  }

  /** Ends the call when the signal does; the error is `ABORTED`. */
  signal(signal: AbortSignal): this {
    return this.#with({ signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): SelectQuery<S, T, C, A, Counted, true> {
    return this.#with({ throws: true })
  }

  /** All rows, fetched in pages of `limit` as a loop asks for them. Throws what a query would have as its `error`. */
  async *all(): AsyncGenerator<Selected<S, T, C>, void, undefined> {
    for await (const { data } of this.pages()) yield* data as Selected<S, T, C>[]
  }

  /** All pages from this one on, of `limit` rows each. Throws what a query would have as its `error`. */
  async *pages(): AsyncGenerator<SelectAnswer<Selected<S, T, C>, 'many', Counted>, void, undefined> {
    const { offset, group, distinct } = this.#state
    if (offset !== undefined || group !== undefined || distinct) {
      throw new TypeError('Rows with .offset(), .groupBy() or .distinct() do not come in pages.')
    }
    type Page = SelectQuery<S, T, C, 'many', Counted, true>
    let page = this.#with<Page>({ amount: 'many', throws: true })
    for (;;) {
      const answer = await page
      yield answer
      if (answer.next === undefined) return
      page = page.cursor(answer.next)
    }
  }

  /**
   * All rows as the server reads them, in one answer without a limit: for service keys, and rows beyond count. A loop that
   * is slow holds the server back, one that is left ends it. Throws what a query would have as its `error`.
   */
  export(): AsyncGenerator<Selected<S, T, C>, void, undefined> {
    return exportRows(this.target.transport, this.call(), this.#state.columns?.exact)
  }

  /** In a batch, a column of a row that is found here, for a later query. */
  ref<Column extends ColumnOf<S, T>>(column: Column, row = 0): Ref<NonNullable<RowOf<S, T>[Column]>> {
    return new Ref(this, column, row)
  }

  /** @internal */
  override operation(): Operation {
    const { table, columns, where, group, having, distinct, order, offset, cursor, amount } = this.#state
    // A second row is all it takes to know that there is more than one.
    const limit = this.#state.limit ?? (amount === 'many' ? undefined : 2)
    const body = {
      ...(columns !== undefined && { select: columns.wire }),
      ...(where.length > 0 && { where }),
      ...(group !== undefined && { group }),
      ...(having.length > 0 && { having }),
      ...(distinct && { distinct }),
      ...(order.length > 0 && { order }),
      ...(limit !== undefined && { limit }),
      ...(offset !== undefined && { offset }),
      ...(cursor !== undefined && { cursor }),
    }
    return { operation: 'select', table, body }
  }

  /** @internal */
  override read(wire: WireAnswer): SelectAnswer<Selected<S, T, C>, A, Counted> {
    const { columns, amount, counted } = this.#state
    const hint = 'Narrow `where`, or leave `.single()` out.'
    const answer = {
      data: dataOf(wire.data ?? [], amount, columns?.exact, hint),
      error: null,
      ...(counted && { count: wire.count }),
      ...(wire.next !== undefined && { next: wire.next }),
      ...(wire.prev !== undefined && { prev: wire.prev }),
    }
    return answer as unknown as SelectAnswer<Selected<S, T, C>, A, Counted>
  }

  /** @internal */
  override preferences(): Preferences {
    return { count: this.#state.counted, bigint: this.#state.columns?.exact !== undefined }
  }

  #with<Next>(change: Partial<SelectState>): Next {
    return new SelectQuery(this.target, { ...this.#state, ...change }) as unknown as Next
  }
}
