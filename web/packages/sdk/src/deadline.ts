// The end of one call: its time limit and the caller's own signal behind one signal, and which of the two it was.

import { AtomicbaseError } from './error.js'

export class Deadline {
  readonly #controller = new AbortController()
  #timeoutMs: number
  #endsAt: number
  readonly #callerSignal: AbortSignal | undefined
  #timer: ReturnType<typeof setTimeout>
  #timedOut = false
  /** The answer has begun to come. */
  begun = false

  constructor(timeoutMs: number, callerSignal?: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.#endsAt = Date.now() + timeoutMs
    this.#callerSignal = callerSignal
    this.#timer = setTimeout(this.#expire, timeoutMs)
    if (callerSignal?.aborted) this.#abort()
    else callerSignal?.addEventListener('abort', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get remainingMs(): number {
    return this.#endsAt - Date.now()
  }

  /** Gives the call this much time from now. */
  extend(timeoutMs: number): void {
    this.lift()
    this.#timeoutMs = timeoutMs
    this.#endsAt = Date.now() + timeoutMs
    this.#timer = setTimeout(this.#expire, timeoutMs)
  }

  /** Takes the time limit away; the caller's signal still ends the call. */
  lift(): void {
    clearTimeout(this.#timer)
  }

  /** Must be called when the call is over: a timer left behind keeps a process alive. */
  clear(): void {
    this.lift()
    this.#callerSignal?.removeEventListener('abort', this.#abort)
  }

  /** Waits, or rejects as soon as the call has ended. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        reject(this.signal.reason)
      }
      const timer = setTimeout(() => {
        this.signal.removeEventListener('abort', end)
        resolve()
      }, ms)
      if (this.signal.aborted) end()
      else this.signal.addEventListener('abort', end, { once: true })
    })
  }

  /** What a failed fetch was, in our words. */
  explain(cause: unknown): AtomicbaseError {
    if (cause instanceof AtomicbaseError) return cause
    if (this.#timedOut) {
      return new AtomicbaseError({
        code: 'TIMEOUT',
        message: `No answer within ${this.#timeoutMs} ms.`,
        hint: 'Raise `timeoutMs`, or ask for less at once.',
        cause,
      })
    }
    if (this.#callerSignal?.aborted) {
      return new AtomicbaseError({ code: 'ABORTED', message: 'The caller ended the call.', cause })
    }
    if (this.begun) {
      return new AtomicbaseError({
        code: 'NETWORK_ERROR',
        message: `The answer broke off: ${reasonOf(cause)}.`,
        hint: 'What has come of it is not all of it.',
        cause,
      })
    }
    return new AtomicbaseError({
      code: 'NETWORK_ERROR',
      message: `The server cannot be reached: ${reasonOf(cause)}.`,
      hint: 'Check `url` and that the server runs; from a browser, that it allows this origin.',
      cause,
    })
  }

  readonly #expire = () => {
    this.#timedOut = true
    this.#controller.abort()
  }

  readonly #abort = () => {
    this.#controller.abort(this.#callerSignal?.reason)
  }
}

// Node says only "fetch failed" and keeps what happened in `cause`.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error.cause instanceof Error ? error.cause.message : ''
  return inner || error.message || error.name
}
