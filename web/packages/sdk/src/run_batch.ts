// `batch`: several queries of one database in one transaction, all or nothing.

import {
  type AnswerOf,
  type Operation,
  preferHeader,
  Query,
  type QueryOptions,
  type Success,
  type TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import { resolveRefs } from './reference.js'

/** Any query on a table. */
export type AnyTableQuery = TableQuery<Success, boolean>

/** What each query of a batch answered, in their order. */
export type BatchAnswers<Queries extends readonly AnyTableQuery[]> = {
  -readonly [Position in keyof Queries]: AnswerOf<Queries[Position]>
}

/** A batch that succeeded. */
export interface BatchAnswer<Queries extends readonly AnyTableQuery[]> {
  data: BatchAnswers<Queries>
  error: null
}

interface BatchOptions extends QueryOptions {
  readonly maxAffected?: number
}

/** A batch of queries, not yet sent. */
export class BatchQuery<
  Queries extends readonly AnyTableQuery[],
  Throws extends boolean = false,
> extends Query<BatchAnswer<Queries>, Throws> {
  readonly #queries: Queries
  readonly #operations: Operation[]
  readonly #options: BatchOptions

  /** @internal */
  constructor(target: Target, queries: Queries, options: BatchOptions) {
    super(target, options)
    const guarded = queries.findIndex((query) => query.preferences().maxAffected !== undefined)
    if (guarded !== -1) {
      throw new TypeError(
        `Query ${guarded} of the batch has .maxAffected(). Say it of the batch: it then holds for each of its writes.`,
      )
    }
    this.#queries = queries
    this.#options = options
    this.#operations = queries.map((query, position) => {
      const { body, ...operation } = query.operation()
      return { ...operation, body: resolveRefs(body, queries, position) as Operation['body'] }
    })
  }

  /** Changes nothing where one of the queries would write more rows than these; the error is `TOO_MANY_ROWS`. */
  maxAffected(rows: number): BatchQuery<Queries, Throws> {
    return new BatchQuery(this.target, this.#queries, { ...this.#options, maxAffected: rows })
  }

  /** Ends the call when the signal does; the error is `ABORTED`, and the batch may have been done all the same. */
  signal(signal: AbortSignal): BatchQuery<Queries, Throws> {
    return new BatchQuery(this.target, this.#queries, { ...this.#options, signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): BatchQuery<Queries, true> {
    return new BatchQuery(this.target, this.#queries, { ...this.#options, throws: true })
  }

  protected override async run(): Promise<BatchAnswer<Queries>> {
    const asked = this.#queries.map((query) => query.preferences())
    const { results } = await this.target.transport.send<{ results: WireAnswer[] }>({
      method: 'POST',
      path: '/data/batch',
      headers: {
        Database: this.target.database,
        ...preferHeader({
          count: asked.some(({ count }) => count),
          bigint: asked.some(({ bigint }) => bigint),
          maxAffected: this.#options.maxAffected,
        }),
      },
      body: { operations: this.#operations },
      signal: this.options.signal,
      readOnly: this.#operations.every(({ operation }) => operation === 'select'),
    })
    const data = this.#queries.map((query, position) => query.read(results[position] ?? {}))
    return { data: data as BatchAnswers<Queries>, error: null }
  }
}
