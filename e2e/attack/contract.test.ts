// What /openapi.json says is true of the real program: thousands of requests that fit the document, and others that do not, are
// answered with a documented status, media type and body, and never with a 5xx. CONTRACT_SECONDS makes it last, and differ each time.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SERVICE_KEY, type Server } from '../server.js'
import { DATABASE, startTarget } from './target.js'
import { type Schema, typed } from './typed.js'

const SCHEMATHESIS = resolve(import.meta.dirname, '../../.tools/python/bin/schemathesis')
const SECONDS = Number(process.env.CONTRACT_SECONDS ?? 0)
/** An hour is never needed: what hangs is ended. */
const TIMEOUT = 180_000 + 1_500 * SECONDS

/** Valid by the document and still refused: names and values that the template does not know. It cannot be the document's to say. */
const UNCHECKED = 'positive_data_acceptance'

let server: Server
let folder: string
let document: Schema

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomicbase-contract-'))
  server = await startTarget()
  document = await get('/openapi.json')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
  // Fails for whatever the server logged as a warning or an error.
  await server?.stop()
})

test('what is not as documented is found', { timeout: TIMEOUT }, async () => {
  const wrong = structuredClone(document) as { paths: { [path: string]: { get: { responses: Schema } } } }
  const { responses } = wrong.paths['/health']?.get ?? { responses: {} }
  responses['200'] = {
    description: 'Not so',
    content: { 'application/json': { schema: { type: 'string' } } },
  }
  const { code, printed } = await run(wrong, [...short(1), '--include-path', '/health'])
  expect(printed).toContain('Response violates schema')
  expect(code).toBe(1)
})

describe('answers as documented', { timeout: TIMEOUT }, () => {
  test('the data API', async () => {
    // Each kind of bad value in each place takes minutes for bodies as deep as these: left to the long run.
    const phases = SECONDS > 0 ? 'examples,coverage,fuzzing' : 'examples,fuzzing'
    await attack(document, 60, ['--include-tag', 'data', '--phases', phases])
  })

  test('the data API, with the names and types of a database', async () => {
    const { tables } = await get('/data/schema')
    await attack(typed(document, tables), 80, ['--phases', 'fuzzing', '--mode', 'positive'])
  })

  test('the platform and the operations', async () => {
    // Deletes keys and databases, those that it created and those that it found: the server is its own.
    await attack(document, 30, ['--exclude-tag', 'data'])
  })
})

async function get(path: string) {
  const headers = { authorization: `Bearer ${SERVICE_KEY}`, database: DATABASE }
  return (await fetch(server.url + path, { headers })).json()
}

/** Sends what schemathesis makes of a document. What it finds, it prints with a `curl` line. */
async function attack(document: Schema, examples: number, words: string[]): Promise<void> {
  const effort = SECONDS > 0 ? ['--max-time', String(Math.ceil(SECONDS / 3))] : short(examples)
  const { code, printed } = await run(document, [...effort, ...words])
  expect(code, printed).toBe(0)
  expect(printed).toContain('No issues found')
}

/** The same requests every time. */
const short = (examples: number): string[] => ['--seed', '1', '--max-examples', String(examples)]

async function run(document: Schema, words: string[]) {
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(document))
  await writeFile(join(folder, 'schemathesis.toml'), `[parameters]\n"header.Database" = "${DATABASE}"\n`)
  const all = [
    ...['run', 'openapi.json', '--url', server.url, '--header', `Authorization: Bearer ${SERVICE_KEY}`],
    ...['--checks', 'all', '--exclude-checks', UNCHECKED, '--continue-on-failure', '--warnings', 'off'],
    ...['--request-timeout', '30', '--output-truncate', 'false'],
    ...words,
  ]
  const env = { PATH: process.env.PATH, NO_COLOR: '1' }
  // It keeps what it has seen in its working folder.
  const options = { cwd: folder, env, maxBuffer: 1 << 28, timeout: TIMEOUT, killSignal: 'SIGKILL' } as const
  return new Promise<{ code: unknown; printed: string }>((ended) => {
    execFile(SCHEMATHESIS, all, options, (error, out, err) =>
      ended({ code: error === null ? 0 : (error.code ?? error.signal), printed: out + err }),
    )
  })
}
