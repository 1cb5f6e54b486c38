// `templates`: the versions of a schema and their way to all databases.

import type { CallOptions, Transport } from './transport.js'

/** A schema as `defineSchema` of `@atomicbase/schema` gives it, or its JSON (template format 1). */
export interface TemplateSource {
  readonly name: string
}

export interface TemplateInfo {
  name: string
  /** The newest released version, 0 when there is none yet. */
  version: number
  /** The newest version, released or not. */
  latest_version: number
  databases: number
  created_at: number
}

/** A template's JSON, format 1. */
export interface TemplateDocument {
  format: 1
  name: string
  tables: {
    name: string
    columns: { name: string; type: string; [key: string]: unknown }[]
    [key: string]: unknown
  }[]
  [key: string]: unknown
}

export interface TemplateDetails extends TemplateInfo {
  template: TemplateDocument
  hash: string
}

/** One difference between two versions. */
export interface Change {
  op: 'add' | 'drop' | 'change'
  /** What is changed, such as `add_column`. */
  kind: string
  table: string
  name: string
  /** The line a person reads, such as `+ tasks.assigned_to (TEXT)`. */
  summary: string
  /** It loses data. */
  destructive: boolean
}

export interface TemplateDiff {
  name: string
  from_version: number | null
  to_version: number
  changes: Change[]
  destructive: boolean
  databases: number
}

export interface TemplatePush {
  /** `null` when the template is already as pushed. */
  job_id: string | null
  version: number
  from_version?: number | null
  changes: Change[]
  databases: number
}

export interface TemplateVersion {
  version: number
  state: 'stored' | 'canary' | 'released' | 'complete' | 'halted' | 'cancelled'
  changes: Change[]
  created_at: number
  job_id: string | null
}

export interface PushOptions extends CallOptions {
  /** Agrees to changes that lose data; without it they are refused with `DESTRUCTIVE_CHANGE`. */
  allowDestructive?: boolean
}

export class Templates {
  readonly #transport: Transport

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** All templates. */
  async list(options: CallOptions = {}): Promise<TemplateInfo[]> {
    return this.#read<{ data: TemplateInfo[] }>('/platform/templates', options).then(({ data }) => data)
  }

  /** A template with its newest version. */
  get(name: string, options: CallOptions = {}): Promise<TemplateDetails> {
    return this.#read(path(name), options)
  }

  /** Its versions, newest first. */
  async history(name: string, options: CallOptions = {}): Promise<TemplateVersion[]> {
    return this.#read<{ data: TemplateVersion[] }>(`${path(name)}/history`, options).then(({ data }) => data)
  }

  /** What a push would change. Changes nothing. */
  diff(template: TemplateSource, options: CallOptions = {}): Promise<TemplateDiff> {
    return this.#transport.send({
      method: 'POST',
      path: `${path(template.name)}/diff`,
      body: { template },
      signal: options.signal,
      readOnly: true,
    })
  }

  /** Stores a new version and brings every database to it; `jobs.watch(job_id)` follows. Creates the template if it is new. */
  push(template: TemplateSource, options: PushOptions = {}): Promise<TemplatePush> {
    const { allowDestructive, signal } = options
    return this.#transport.send({
      method: 'POST',
      path: `${path(template.name)}/push`,
      body: { template, ...(allowDestructive !== undefined && { allow_destructive: allowDestructive }) },
      signal,
    })
  }

  #read<Answer>(path: string, options: CallOptions): Promise<Answer> {
    return this.#transport.send({ method: 'GET', path, signal: options.signal, readOnly: true })
  }
}

function path(name: string): string {
  return `/platform/templates/${encodeURIComponent(name)}`
}
