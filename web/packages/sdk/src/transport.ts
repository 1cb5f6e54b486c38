// The one place that speaks HTTP: addresses, headers, JSON, time limits, repeats. It must not know any route.

import { Deadline } from './deadline.js'
import { AtomicbaseError, type FieldError } from './error.js'
import { toJson } from './json.js'

/** A `fetch` as the platform has it. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export interface CallOptions {
  /** Ends the call; the error is `ABORTED`. */
  signal?: AbortSignal | undefined
}

export interface Call extends CallOptions {
  method: 'GET' | 'POST' | 'DELETE'
  /** From the root of the API, with its parts already encoded. */
  path: string
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  body?: unknown
  /** Changes nothing on the server, so it may be sent again. */
  readOnly?: boolean
}

export interface TransportSettings {
  url: string
  apiKey: string | undefined
  fetch: Fetch | undefined
  timeoutMs: number | undefined
  /** Sent with every call. */
  headers?: Record<string, string>
}

const DEFAULT_TIMEOUT_MS = 60_000
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1
const MAX_ATTEMPTS = 4

interface Request {
  url: string
  init: RequestInit
}

export class Transport {
  readonly #url: string
  readonly #apiKey: string | undefined
  readonly #fetch: Fetch
  readonly #timeoutMs: number
  readonly #headers: Record<string, string>

  constructor(settings: TransportSettings) {
    this.#url = baseUrl(settings.url)
    this.#apiKey = settings.apiKey
    // Looked up at each call, and never called as a method: browsers refuse a `fetch` whose `this` is not theirs.
    this.#fetch = settings.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#headers = settings.headers ?? {}
    if (!(this.#timeoutMs > 0 && this.#timeoutMs <= LONGEST_TIMEOUT_MS)) {
      throw new TypeError(`timeoutMs must be between 1 and ${LONGEST_TIMEOUT_MS}, not ${settings.timeoutMs}.`)
    }
  }

  /** Sends a call and gives its JSON answer; throws `AtomicbaseError` for everything else. */
  async send<Answer>(call: Call): Promise<Answer> {
    const request = this.#request(call)
    const deadline = new Deadline(this.#timeoutMs, call.signal)
    try {
      const response = await this.#open(request, deadline, call.readOnly)
      return (await readAnswer(response)) as Answer
    } catch (cause) {
      throw deadline.explain(cause)
    } finally {
      deadline.clear()
    }
  }

  /** Reads an answer as it comes; gives up when nothing came for `idleMs`. Leaving the loop closes the connection. */
  async *stream(call: Call, idleMs = this.#timeoutMs): AsyncGenerator<Uint8Array, void, undefined> {
    const request = this.#request(call)
    const deadline = new Deadline(this.#timeoutMs, call.signal)
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    try {
      const response = await this.#open(request, deadline, call.readOnly)
      reader = response.body?.getReader()
      if (reader === undefined) throw notOurs(response, 'an empty body')
      for (;;) {
        deadline.extend(idleMs)
        const { done, value } = await reader.read()
        deadline.lift()
        if (done) return
        yield value
      }
    } catch (cause) {
      throw deadline.explain(cause)
    } finally {
      deadline.clear()
      await reader?.cancel().catch(() => undefined)
    }
  }

  /** Waits between two calls of the same task. */
  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = new Deadline(LONGEST_TIMEOUT_MS, signal)
    try {
      await deadline.wait(ms)
    } catch (cause) {
      throw deadline.explain(cause)
    } finally {
      deadline.clear()
    }
  }

  /** The answer of a call that succeeded; its body has not come yet. */
  async #open({ url, init }: Request, deadline: Deadline, repeats = false): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#fetch(url, { ...init, signal: deadline.signal })
      deadline.begun = response.ok
      if (response.ok) return response
      const error = await readError(response)
      const pauseMs = repeats ? pauseBeforeRepeat(error, attempt) : undefined
      if (pauseMs === undefined || pauseMs >= deadline.remainingMs) throw error
      await deadline.wait(pauseMs)
    }
  }

  #request(call: Call): Request {
    const headers: Record<string, string> = { Accept: 'application/json', ...this.#headers, ...call.headers }
    if (this.#apiKey !== undefined) headers.Authorization = `Bearer ${this.#apiKey}`
    const init: RequestInit = { method: call.method, headers }
    if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json'
      init.body = toJson(call.body)
    }
    return { url: this.#url + call.path + queryString(call.query), init }
  }
}

function baseUrl(url: string): string {
  if (!/^https?:\/\/[^/?#]/i.test(url)) {
    throw new TypeError(`url must be an http or https address, not ${JSON.stringify(url)}.`)
  }
  return url.replace(/[?#].*$/, '').replace(/\/+$/, '')
}

function queryString(query: Call['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** How long to wait before a read is sent again; `undefined` when it should not be. */
function pauseBeforeRepeat(error: AtomicbaseError, attempt: number): number | undefined {
  if (error.status !== 503 || error.retryAfterSeconds === undefined || attempt >= MAX_ATTEMPTS)
    return undefined
  return error.retryAfterSeconds * 1000
}

async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text()
  if (response.status === 204) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw notOurs(response, 'a body that is not JSON')
  }
}

interface Problem {
  code: string
  title?: string
  detail?: string
  hint?: string
  request_id?: string
  errors?: FieldError[]
}

async function readError(response: Response): Promise<AtomicbaseError> {
  const problem = asProblem(await response.text())
  if (problem === undefined) return notOurs(response, `status ${response.status} without a code`)
  return new AtomicbaseError({
    code: problem.code,
    message: problem.detail ?? problem.title ?? problem.code,
    hint: problem.hint,
    status: response.status,
    requestId: problem.request_id ?? response.headers.get('X-Request-Id') ?? undefined,
    errors: problem.errors,
    retryAfterSeconds: retryAfterSeconds(response),
  })
}

function asProblem(text: string): Problem | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const code = (json as { code?: unknown } | null)?.code
    return typeof code === 'string' ? (json as Problem) : undefined
  } catch {
    return undefined
  }
}

function notOurs(response: Response, what: string): AtomicbaseError {
  return new AtomicbaseError({
    code: 'UNEXPECTED_ANSWER',
    message: `The answer is not one of Atomicbase's: ${what}.`,
    hint: 'Check that `url` is the address of Atomicbase and what stands in front of it.',
    status: response.status,
    requestId: response.headers.get('X-Request-Id') ?? undefined,
    retryAfterSeconds: retryAfterSeconds(response),
  })
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterSeconds(response: Response): number | undefined {
  const value = response.headers.get('Retry-After')
  if (value === null) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000)
}
