// What all queries share: they are built without touching the network and run once, when first awaited.

import { type ExactColumns, readExact } from './bigint.js'
import { AtomicbaseError } from './error.js'
import type { Call, Transport } from './transport.js'

/** A query that succeeded. */
export interface Success {
  data: unknown
  error: null
}

/** A query that failed: every field of its success is there, without a value. */
export type Failure<Answer extends Success> = { data: null; error: AtomicbaseError } & {
  [Field in Exclude<keyof Answer, 'data' | 'error'>]?: undefined
}

/** What awaiting a query gives. */
export type Outcome<Answer extends Success, Throws extends boolean> = Throws extends true
  ? Answer
  : Answer | Failure<Answer>

/** How many rows `data` is: a list, one, or one and else `null`. */
export type Amount = 'many' | 'one' | 'one_or_none'

/** `data` of a query whose rows are `Row`; `Row` is `null` for a write without `returning`. */
export type DataOf<Row, A extends Amount> = [Row] extends [null]
  ? null
  : { many: Row[]; one: Row; one_or_none: Row | null }[A]

/** Where queries of one database go. */
export interface Target {
  readonly transport: Transport
  readonly database: string
}

export interface QueryOptions {
  readonly signal?: AbortSignal
  readonly throws?: boolean
}

/** One operation as the data API takes it. */
export interface Operation {
  operation: 'select' | 'insert' | 'update' | 'delete'
  table: string
  body: Record<string, unknown>
}

/** What the data API answers to one operation. */
export interface WireAnswer {
  data?: unknown[]
  count?: number
  next?: string
  prev?: string
  rows_affected?: number
  last_insert_id?: number | string
}

/** How an operation is to be done and answered, beside what it is. */
export interface Preferences {
  /** Also count all rows that match. */
  readonly count?: boolean
  /** Integers beyond 2^53 as strings. */
  readonly bigint?: boolean
  /** Rows that may be written at most. */
  readonly maxAffected?: number | undefined
}

/** `Prefer` of a request; without any preference there is none. */
export function preferHeader(preferences: Preferences, operation?: string): Record<string, string> {
  const parts = [
    operation !== undefined && `operation=${operation}`,
    preferences.count && 'count=exact',
    preferences.bigint && 'bigint=string',
    preferences.maxAffected !== undefined && `max-affected=${preferences.maxAffected}`,
  ].filter((part) => typeof part === 'string')
  return parts.length > 0 ? { Prefer: parts.join(', ') } : {}
}

declare const answer: unique symbol

/** A query: awaiting it runs it, once, and gives `{ data, error }`. */
export abstract class Query<Answer extends Success, Throws extends boolean>
  implements PromiseLike<Outcome<Answer, Throws>>
{
  /** Never there at run time: it lets `batch` know what each of its queries answers. */
  declare readonly [answer]: Answer
  #outcome: Promise<Outcome<Answer, Throws>> | undefined

  protected constructor(
    protected readonly target: Target,
    protected readonly options: QueryOptions,
  ) {}

  /** Sends the query. Rejects with `AtomicbaseError` only. */
  protected abstract run(): Promise<Answer>

  // biome-ignore lint/suspicious/noThenProperty: a query is awaited like a promise, but runs only then
  then<Fulfilled = Outcome<Answer, Throws>, Rejected = never>(
    onFulfilled?: ((outcome: Outcome<Answer, Throws>) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#outcome ??= this.#settle()
    return this.#outcome.then(onFulfilled, onRejected)
  }

  catch<Rejected = never>(
    // biome-ignore lint/suspicious/noExplicitAny: as in `Promise`, so that a handler may say what it expects
    onRejected?: ((reason: any) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Outcome<Answer, Throws> | Rejected> {
    return this.then(null, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<Outcome<Answer, Throws>> {
    return this.then().finally(onFinally)
  }

  async #settle(): Promise<Outcome<Answer, Throws>> {
    try {
      return (await this.run()) as Outcome<Answer, Throws>
    } catch (error) {
      if (this.options.throws || !(error instanceof AtomicbaseError)) throw error
      return { data: null, error } as Outcome<Answer, Throws>
    }
  }
}

/** What `batch` answers for a query. */
export type AnswerOf<Q> = Q extends { readonly [answer]: infer Answer } ? Answer : never

/** A query on one table: what `batch` can take. */
export abstract class TableQuery<Answer extends Success, Throws extends boolean> extends Query<
  Answer,
  Throws
> {
  /** @internal */
  abstract operation(): Operation

  /** @internal The answer of the wire as this query's answer. */
  abstract read(wire: WireAnswer): Answer

  /** @internal */
  abstract preferences(): Preferences

  /** @internal */
  call(): Call {
    const { operation, table, body } = this.operation()
    return {
      method: 'POST',
      path: `/data/query/${encodeURIComponent(table)}`,
      headers: { Database: this.target.database, ...preferHeader(this.preferences(), operation) },
      body,
      signal: this.options.signal,
      readOnly: operation === 'select',
    }
  }

  protected override async run(): Promise<Answer> {
    return this.read(await this.target.transport.send<WireAnswer>(this.call()))
  }
}

/** `data` as `amount` says; more rows than it allows are an error. */
export function dataOf(
  rows: unknown[],
  amount: Amount,
  exact: ExactColumns | undefined,
  hint: string,
): unknown {
  if (exact !== undefined) readExact(rows, exact)
  if (amount === 'many') return rows
  if (rows.length > 1) {
    throw new AtomicbaseError({
      code: 'MULTIPLE_ROWS',
      message: 'One row was asked for and several came.',
      hint,
    })
  }
  return rows[0] ?? null
}
