// The compiled SDK as ES modules in Chromium, from another origin than the server's.

import { readFile } from 'node:fs/promises'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Atomicbase } from '@atomicbase/sdk'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { version1 } from './saas_app.js'
import { SERVICE_KEY, type Server, startServer } from './server.js'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let pages: HttpServer
let port: number
let server: Server
let browser: Browser

beforeAll(async () => {
  pages = await servePages()
  port = (pages.address() as AddressInfo).port
  server = await startServer({ ATOMICBASE_ALLOWED_ORIGINS: `http://127.0.0.1:${port}` })
  const atomicbase = new Atomicbase({ url: server.url, apiKey: SERVICE_KEY })
  await atomicbase.templates.push(version1)
  await atomicbase.databases.create({ name: 'acme', template: 'saas-app' })
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
})

afterAll(async () => {
  await browser?.close()
  pages?.close()
  await server?.stop()
})

/** An empty page, and the package as npm ships it under `/sdk/`. */
async function servePages(): Promise<HttpServer> {
  const dist = new URL('.', import.meta.resolve('@atomicbase/sdk'))
  const server = createServer(async ({ url = '/' }, response) => {
    const [, name] = /^\/sdk\/([a-z_]+\.js)$/.exec(url) ?? []
    if (name === undefined) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Test</title>')
    } else {
      response.writeHead(200, { 'Content-Type': 'text/javascript' })
      response.end(await readFile(fileURLToPath(new URL(name, dist))))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Runs in the page, which has no types of ours: `modules` is what `import` gives there. */
async function inPage<Answer>(
  host: string,
  script: (modules: Modules, settings: Settings) => Promise<Answer>,
) {
  const page: Page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(`http://${host}:${port}/`)
  // Playwright sends the text of a function: it must bring along what it uses.
  const answer = await page.evaluate(
    `(async () => {
      const modules = { ...(await import('/sdk/index.js')), ...(await import('/sdk/filters.js')) }
      return (${script})(modules, ${JSON.stringify({ url: server.url, apiKey: SERVICE_KEY })})
    })()`,
  )
  await page.close()
  expect(faults).toEqual([])
  return answer as Answer
}

type Modules = typeof import('@atomicbase/sdk') & typeof import('@atomicbase/sdk/filters')
interface Settings {
  url: string
  apiKey: string
}

test('a page of an allowed origin reads and writes, sees errors whole and follows a job', async () => {
  const answer = await inPage('127.0.0.1', async ({ Atomicbase, eq }, settings) => {
    const atomicbase = new Atomicbase(settings)
    const db = atomicbase.database('acme')
    const inserted = await db.from('projects').insert({ id: 'p1', name: 'Größe' }).returning(['*'])
    const selected = await db
      .from('projects')
      .select(['name', { tasks: ['title'] }])
      .where(eq('id', 'p1'))
    const { error } = await db.from('projects').select(['nam'])
    const [job] = await atomicbase.jobs.list({ limit: 1 })
    const statuses: string[] = []
    for await (const { status } of atomicbase.jobs.watch(job?.id ?? '')) statuses.push(status)
    return { inserted, selected, code: error?.code, hint: error?.hint, requestId: error?.requestId, statuses }
  })
  expect(answer).toMatchObject({
    inserted: { data: { id: 'p1', name: 'Größe', status: 'active' }, error: null, rows_affected: 1 },
    selected: { data: [{ name: 'Größe', tasks: [] }], error: null },
    code: 'COLUMN_NOT_FOUND',
    hint: expect.stringContaining('name'),
    requestId: expect.any(String),
    statuses: ['completed'],
  })
})

test('a page loops over rows, and reads an export as it comes', async () => {
  const answer = await inPage('127.0.0.1', async ({ Atomicbase, bigint }, settings) => {
    const db = new Atomicbase(settings).database('acme')
    await db.from('projects').insert({ id: 'many', name: 'Many' }).throwOnError()
    const ids = Array.from({ length: 900 }, (_, i) => 9007199254740993n + BigInt(i))
    const tasks = db
      .from('tasks')
      .insert(ids.map((id) => ({ id, project_id: 'many', title: 'x'.repeat(500) })))
    await tasks.throwOnError()
    const exact = db.from('tasks').select([bigint('id')])
    const exported: bigint[] = []
    for await (const { id } of exact.export()) exported.push(id)
    const looped: bigint[] = []
    for await (const { id } of exact.limit(250).all()) looped.push(id)
    for await (const { id } of exact.export()) if (id === exported[3]) break
    return { same: String(exported) === String(looped), rows: exported.length, first: String(exported[0]) }
  })
  expect(answer).toEqual({ same: true, rows: 900, first: '9007199254740993' })
})

test('a page without a key is nobody, whatever its environment says', async () => {
  const code = await inPage('127.0.0.1', async ({ Atomicbase }, { url, apiKey }) => {
    Object.assign(globalThis, { process: { env: { ATOMICBASE_API_KEY: apiKey }, versions: { node: '20' } } })
    const { error } = await new Atomicbase({ url }).database('acme').from('projects').select()
    return error?.code
  })
  expect(code).toBe('UNAUTHENTICATED')
})

test('a page of another origin gets no answer', async () => {
  const answer = await inPage('localhost', async ({ Atomicbase }, settings) => {
    const { data, error } = await new Atomicbase(settings).database('acme').from('projects').select()
    return { data, code: error?.code, hint: error?.hint }
  })
  expect(answer).toMatchObject({ data: null, code: 'NETWORK_ERROR', hint: expect.stringContaining('origin') })
})
