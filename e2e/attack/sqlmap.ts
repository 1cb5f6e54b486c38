// Runs sqlmap on a request, in each place that is marked. Knows nothing of what the request asks.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const SQLMAP = resolve(import.meta.dirname, '../../.tools/python/bin/sqlmap')
/** What sqlmap takes for the end of a place to try; no request may hold it for another reason. */
const MARK = '*'

export interface Request {
  method: 'GET' | 'POST' | 'PUT'
  /** Path and query string. */
  path: string
  headers?: { [name: string]: string }
  body?: unknown
}

/** What came of a run. */
export interface Findings {
  /** Places that were tried and took no SQL: those that are marked, and the path of a request without a query string. */
  safe: number
  /** How sqlmap names those that take some. */
  injectable: string[]
  printed: string
}

/** A text that is one of the places to try. */
export const tried = (text: string): string => text + MARK

/** A body each of whose names, texts and numbers is a place to try. */
export function everywhere(body: unknown): string {
  if (Array.isArray(body)) return `[${body.map(everywhere).join()}]`
  if (typeof body === 'string') return JSON.stringify(tried(body))
  if (typeof body === 'number') return tried(String(body))
  if (body === null || typeof body !== 'object') return JSON.stringify(body)
  const members = Object.entries(body).map(
    ([name, value]) => `${JSON.stringify(tried(name))}:${everywhere(value)}`,
  )
  return `{${members.join()}}`
}

/** How many places a request marks. */
export function places(request: Request): number {
  const texts = [request.path, ...Object.values(request.headers ?? {}), everywhere(request.body ?? null)]
  return texts.reduce((sum, text) => sum + text.split(MARK).length - 1, 0)
}

export async function attack(url: string, { method, path, headers, body }: Request): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), 'atomicbase-injection-'))
  const { host } = new URL(url)
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`]
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  const json = body === undefined ? [] : ['Content-Type: application/json']
  const text = [...head, ...lines, ...json, '', body === undefined ? '' : everywhere(body)].join('\r\n')
  await writeFile(join(folder, 'request'), text)
  const words = [
    ...['-r', join(folder, 'request'), '--batch', '--disable-coloring', '--output-dir', folder],
    // All that sqlmap knows of SQLite, which is the only database there is.
    ...['--level', '5', '--risk', '3', '--technique', 'BEUSTQ', '--dbms', 'SQLite', '--skip-waf'],
    // It goes on after the first find, and where all that a place brings is a refusal.
    ...['--answers', 'keep testing=Y', '--ignore-code', '*'],
    // Headers that it would try unasked; nothing here reads them.
    ...['--skip', 'User-Agent,Referer,Host'],
  ]
  const printed = await run(words, folder)
  const found = await readFile(join(folder, host.split(':')[0] ?? '', 'log'), 'utf8')
  await rm(folder, { recursive: true })
  return {
    safe: printed.split('does not seem to be injectable\n').length - 1,
    injectable: [...found.matchAll(/^Parameter: (.*)$/gm)].map(([, name]) => name ?? ''),
    printed,
  }
}

/** It ends with 0 whatever it finds. */
function run(words: string[], home: string): Promise<string> {
  return new Promise((ended, failed) => {
    const env = { PATH: process.env.PATH, HOME: home }
    execFile(SQLMAP, words, { env, maxBuffer: 1 << 28 }, (error, out, err) =>
      error === null ? ended(out + err) : failed(error),
    )
  })
}
