// The one error of this package, made from a problem+json answer or from a call that got no answer at all.

import type { CODES } from './codes.js'

/** A code that a server answers. */
export type ServerCode = (typeof CODES)[number]

/** A code that this package gives where no server did. */
export type ClientCode =
  /** No answer: refused, unreachable, cut off, or forbidden by the browser (CORS). `cause` has the runtime's error. */
  | 'NETWORK_ERROR'
  /** No whole answer within `timeoutMs`. A write may have happened all the same. */
  | 'TIMEOUT'
  /** The caller's own signal ended the call. A write may have happened all the same. */
  | 'ABORTED'
  /** An answer that is not Atomicbase's, as a proxy in between gives. */
  | 'UNEXPECTED_ANSWER'
  /** `.single()` met more than one row. */
  | 'MULTIPLE_ROWS'

/** The codes known when this package was built; a newer server may know more. */
export type ErrorCode = ServerCode | ClientCode | (string & {})

/** One fault in a request: where and what. */
export interface FieldError {
  /** Path in the body, such as `where[0].titel`. */
  path: string
  message: string
}

export interface ErrorDetails {
  code: ErrorCode
  message: string
  hint?: string | undefined
  status?: number | undefined
  requestId?: string | undefined
  errors?: readonly FieldError[] | undefined
  retryAfterSeconds?: number | undefined
  cause?: unknown
}

/** What went wrong, with a stable `code` to branch on and a `hint` for the person who reads it. */
export class AtomicbaseError extends Error {
  /** Stable; see `ServerCode` and `ClientCode`. */
  readonly code: ErrorCode
  /** What to do next. */
  readonly hint: string | undefined
  /** HTTP status, 0 when there was no answer. */
  readonly status: number
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined
  /** Each fault of the request by its path. */
  readonly errors: readonly FieldError[]
  /** When to come back, where the server said so. */
  readonly retryAfterSeconds: number | undefined

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AtomicbaseError'
    this.code = details.code
    this.hint = details.hint
    this.status = details.status ?? 0
    this.requestId = details.requestId
    this.errors = details.errors ?? []
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}
