// The command line against the real program: the seed's push with its 847 databases, refusals and their exit codes.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BINARY, SERVICE_KEY, type Server, startServer } from './server.js'

const SEED = await readFile(
  resolve(import.meta.dirname, '../examples/saas-app/schemas/saas-app.schema.ts'),
  'utf8',
)

let server: Server
let folder: string

beforeEach(async () => {
  server = await startServer({ ATOMICBASE_ACCESS_LOG: 'false' })
  folder = await mkdtemp(join(tmpdir(), 'atomicbase-cli-'))
  await mkdir(join(folder, 'schemas'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
  await server.stop()
})

interface Ended {
  code: number
  out: string
  err: string
}

/** Runs a command in the project's folder, as a script would: no terminal. */
function atomicbase(words: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const env = {
    PATH: process.env.PATH,
    ATOMICBASE_URL: server.url,
    ATOMICBASE_API_KEY: SERVICE_KEY,
    ...environment,
  }
  return new Promise((ended) => {
    execFile(BINARY, words, { cwd: folder, env }, (error, out, err) =>
      ended({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

const schema = (text: string, file = 'saas-app') => writeFile(join(folder, `schemas/${file}.schema.ts`), text)

async function request(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${SERVICE_KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    version: response.headers.get('template-version'),
    json: await response.json(),
  }
}

/** Calls `work` for each of `count` numbers, 64 at a time. */
async function each(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let number = next++; number < count; number = next++) await work(number)
  }
  await Promise.all(Array.from({ length: 64 }, worker))
}

// The seed's schema as it grew: its version 4 is the one that the seed prints.
const withoutTasks = SEED.replace(/\n {2}tasks: [\s\S]*?\]\),\n/, '\n')
const withoutStatus = SEED.replace(/ {4}(status|assigned_to): .*\n/g, '').replace(/\.index\(.*\)/, '')
const withoutAssignee = SEED.replace(/ {4}assigned_to: .*\n/, '').replace(/\.index\(.*\)/, '')

test('847 databases go from version 3 to 4 with the output that the seed prints', async () => {
  for (const text of [withoutTasks, withoutStatus, withoutAssignee]) {
    await schema(text)
    const pushed = await atomicbase(['push'])
    expect(pushed).toMatchObject({ code: 0, err: '' })
  }
  await each(847, async (number) => {
    const created = await request('/platform/databases', { name: `t-${number}`, template: 'saas-app' })
    expect(created.status).toBe(201)
  })

  await schema(SEED)
  const pushing = atomicbase(['push'])
  // From the moment of the release on, any database answers at the new version, whether it has been moved yet or not.
  for (;;) {
    const template = await request('/platform/templates/saas-app')
    if (template.json.version === 4) break
  }
  await each(300, async (number) => {
    const database = `t-${846 - number}`
    const answer = await request('/data/query/tasks', { select: ['assigned_to'] }, { database })
    expect(answer).toMatchObject({ status: 200, version: '4', json: { data: [] } })
  })
  const pushed = await pushing
  expect(pushed).toMatchObject({ code: 0, err: '' })
  expect(pushed.out.replace(/ in .*s\n/, ' in 34s\n')).toBe(
    [
      'Pushing schema "saas-app" v3 → v4...',
      'Changes:',
      '  + tasks.assigned_to (TEXT)',
      '  + idx_project on tasks(project_id)',
      '',
      'Syncing 847 tenant databases...',
      `[${'█'.repeat(40)}] 100%`,
      '✓ 847 databases updated in 34s',
      '',
    ].join('\n'),
  )
  const again = await atomicbase(['push'])
  expect(again.code).toBe(0)
  expect(again.out).toMatch(/nothing to push/i)
})

test('a new project: init, push, databases, templates, jobs', async () => {
  await rm(join(folder, 'schemas'), { recursive: true })
  const made = await atomicbase(['init'])
  expect(made.code).toBe(0)
  const before = await readFile(join(folder, 'atomicbase.config.ts'), 'utf8')
  expect((await atomicbase(['init'])).code).toBe(0)
  expect(await readFile(join(folder, 'atomicbase.config.ts'), 'utf8')).toBe(before)

  const pushed = JSON.parse((await atomicbase(['push', '--json'])).out)
  const name = pushed.data[0].name ?? pushed.data[0].template
  expect((await atomicbase(['databases', 'create', 'acme', '--template', name])).code).toBe(0)
  expect((await atomicbase(['databases', 'list'])).out).toMatch(/acme/)
  expect((await atomicbase(['templates', 'list'])).out).toContain(name)
  expect((await atomicbase(['templates', 'history', name])).out).toMatch(/complete/)
  const jobs = JSON.parse((await atomicbase(['jobs', 'list', '--json'])).out)
  expect((await atomicbase(['jobs', 'show', jobs.data[0].id])).out).toMatch(/completed/)
  expect((await atomicbase(['databases', 'delete', 'acme'])).code).toBe(0)
  const taken = await atomicbase(['databases', 'create', 'acme', '--template', name])
  expect(taken).toMatchObject({ code: 1 })
  expect(taken.err).toMatch(/ALREADY_EXISTS/)
})

test('data is dropped only when that is allowed', async () => {
  await schema(SEED)
  await atomicbase(['push'])
  await atomicbase(['databases', 'create', 'acme', '--template', 'saas-app'])
  await schema(withoutAssignee)
  const refused = await atomicbase(['push'])
  expect(refused.code).toBe(3)
  expect(refused.out + refused.err).toMatch(/tasks\.assigned_to/)
  expect(refused.out + refused.err).toMatch(/--allow-destructive/)
  expect((await request('/platform/templates/saas-app')).json.latest_version).toBe(1)
  const allowed = await atomicbase(['push', '--allow-destructive'])
  expect(allowed.code).toBe(0)
  expect(allowed.out).toMatch(/- tasks\.assigned_to/)
})

test('what this version cannot change is refused by name', async () => {
  await schema(SEED)
  await atomicbase(['push'])
  await schema(SEED.replace('title: c.text()', 'title: c.integer()'))
  const refused = await atomicbase(['push'])
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/CHANGE_NOT_SUPPORTED/)
  expect(refused.err).toMatch(/tasks\.title/)
})

test('a mistake in a schema file is shown at its line, and nothing is sent', async () => {
  await schema(SEED.replace('c.text().primaryKey()', 'c.txt().primaryKey()'))
  const mistaken = await atomicbase(['push'])
  expect(mistaken.code).toBe(2)
  expect(mistaken.err).toMatch(/saas-app\.schema\.ts:\d+:\d+/)
  expect(mistaken.err).toMatch(/c\.text/)
  await schema('while (true) {}\n', 'endless')
  const endless = await atomicbase(['push', 'schemas/endless.schema.ts'])
  expect(endless.code).toBe(2)
  expect((await request('/platform/templates')).json.data).toEqual([])
})

test('a server that is not there is told within seconds', async () => {
  const lost = await atomicbase(['databases', 'list'], { ATOMICBASE_URL: 'http://127.0.0.1:9' })
  expect(lost.code).toBe(4)
  expect(lost.err).toMatch(/127\.0\.0\.1:9/)
  const unknown = await atomicbase(['databases', 'list'], { ATOMICBASE_API_KEY: `atb_sk_${'x'.repeat(43)}` })
  expect(unknown.code).toBe(1)
  expect(unknown.err).toMatch(/UNAUTHENTICATED/)
})
