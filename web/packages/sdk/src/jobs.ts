// `jobs`: the durable records of pushes, and following one while it runs.

import { AtomicbaseError } from './error.js'
import { readEvents } from './event_stream.js'
import { List, type ListOptions } from './list.js'
import type { CallOptions, Transport } from './transport.js'

export type JobStatus = 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled'

/** A push on its way over a template's databases. */
export interface Job {
  id: string
  kind: 'push'
  template: string
  version: number
  status: JobStatus
  /** Databases to move, moved, and set aside. */
  total: number
  done: number
  failed: number
  created_at: number
  finished_at?: number | null
  /** The first 100 databases that were set aside. */
  failures: { database_id: string; database: string; error: { code: string; detail: string } }[]
}

// The server beats every 10 seconds; three beats missed and the connection is dead.
const IDLE_MS = 30_000
const MAX_RECONNECTS = 5
const RECONNECT_PAUSE_MS = 500

export class Jobs {
  readonly #transport: Transport

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** All jobs, newest first. */
  list(options: ListOptions = {}): List<Job> {
    return new List(this.#transport, '/platform/jobs', options)
  }

  get(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#transport.send({ method: 'GET', path: path(id), signal: options.signal, readOnly: true })
  }

  /** Tries the databases again that were set aside. */
  retry(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#transport.send({ method: 'POST', path: `${path(id)}/retry`, signal: options.signal })
  }

  /** The job as it advances, until it has ended: the last one is `completed`, `failed` or `cancelled`. */
  async *watch(id: string, options: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    // Each connection begins with the job as it is, so one that breaks is simply opened again.
    for (let broken = 0; ; ) {
      try {
        for await (const job of this.#events(id, options.signal)) {
          broken = 0
          yield job
          if (hasEnded(job)) return
        }
      } catch (error) {
        if (!mayPass(error) || broken >= MAX_RECONNECTS) throw error
      }
      broken += 1
      if (broken > MAX_RECONNECTS) throw unfinished(id)
      await this.#transport.pause(RECONNECT_PAUSE_MS * broken, options.signal)
    }
  }

  async *#events(id: string, signal: AbortSignal | undefined): AsyncGenerator<Job, void, undefined> {
    const call = {
      method: 'GET',
      path: `${path(id)}/events`,
      headers: { Accept: 'text/event-stream' },
      signal,
    } as const
    for await (const { event, data } of readEvents(this.#transport.stream(call, IDLE_MS))) {
      if (event === 'progress') yield JSON.parse(data) as Job
    }
  }
}

function hasEnded({ status }: Job): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof AtomicbaseError)) return false
  return error.code === 'NETWORK_ERROR' || error.code === 'TIMEOUT' || [502, 503, 504].includes(error.status)
}

function unfinished(id: string): AtomicbaseError {
  return new AtomicbaseError({
    code: 'NETWORK_ERROR',
    message: `The server stops telling about ${id} before it has ended.`,
    hint: 'The job goes on by itself; ask `jobs.get` how far it is.',
  })
}

function path(id: string): string {
  return `/platform/jobs/${encodeURIComponent(id)}`
}
