// `select`: reading rows of a table and of the tables related to it.

import type { Filter } from './filters.js'
import {
  type Amount,
  type DataOf,
  dataOf,
  type Operation,
  type QueryOptions,
  TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import type { ColumnOf, RowOf, SchemaShape } from './shape.js'

export type Direction = 'asc' | 'desc'

/** A select that succeeded. `count` is there when it was asked for, and only then. */
export type SelectAnswer<Row, A extends Amount, Counted extends boolean> = {
  data: DataOf<Row, A>
  error: null
} & (Counted extends true ? { count: number } : { count?: undefined })

interface SelectState extends QueryOptions {
  readonly table: string
  readonly columns?: readonly unknown[] | undefined
  readonly where: readonly unknown[]
  readonly order: readonly Record<string, Direction>[]
  readonly limit?: number
  readonly offset?: number
  readonly amount: Amount
  readonly counted: boolean
}

/** Rows of a table. Every method gives a new query and leaves this one as it is. */
export class SelectQuery<
  S extends SchemaShape<S>,
  T extends keyof S,
  Row,
  A extends Amount = 'many',
  Counted extends boolean = false,
  Throws extends boolean = false,
> extends TableQuery<SelectAnswer<Row, A, Counted>, Throws> {
  readonly #state: SelectState

  /** @internal */
  constructor(target: Target, state: SelectState) {
    super(target, state)
    this.#state = state
  }

  /** Only rows for which all conditions hold, those of earlier calls included. */
  where(...filters: Filter<RowOf<S, T>>[]): this {
    return this.#with({ where: [...this.#state.where, ...filters] })
  }

  /** Sorts by a column, after those of earlier calls. NULLs come first ascending and last descending. */
  orderBy(column: ColumnOf<S, T>, direction: Direction = 'asc'): this {
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

  /** One row or `null`; an error when there are more. */
  single(): SelectQuery<S, T, Row, 'one_or_none', Counted, Throws> {
    return this.#with({ amount: 'one_or_none' })
  }

  /** Also counts all rows that match, whatever `limit` and `offset` are. */
  count(): SelectQuery<S, T, Row, A, true, Throws> {
    return this.#with({ counted: true })
  }

  /** Ends the call when the signal does; the error is `ABORTED`. */
  signal(signal: AbortSignal): this {
    return this.#with({ signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): SelectQuery<S, T, Row, A, Counted, true> {
    return this.#with({ throws: true })
  }

  /** @internal */
  override operation(): Operation {
    const { table, columns, where, order, offset, amount } = this.#state
    // A second row is all it takes to know that there is more than one.
    const limit = this.#state.limit ?? (amount === 'many' ? undefined : 2)
    const body = {
      ...(columns !== undefined && { select: columns }),
      ...(where.length > 0 && { where }),
      ...(order.length > 0 && { order }),
      ...(limit !== undefined && { limit }),
      ...(offset !== undefined && { offset }),
    }
    return { operation: 'select', table, body }
  }

  /** @internal */
  override read(wire: WireAnswer): SelectAnswer<Row, A, Counted> {
    const data = dataOf(wire.data ?? [], this.#state.amount, 'Narrow `where`, or leave `.single()` out.')
    const answer = { data, error: null, ...(wire.count !== undefined && { count: wire.count }) }
    return answer as unknown as SelectAnswer<Row, A, Counted>
  }

  /** @internal */
  override preferences(): string[] {
    return this.#state.counted ? ['count=exact'] : []
  }

  #with<Next>(change: Partial<SelectState>): Next {
    return new SelectQuery(this.target, { ...this.#state, ...change }) as unknown as Next
  }
}
