// No text of a caller becomes SQL: sqlmap tries every place of every kind of request. That it would find one, it shows on a server
// that has them all. Not tried: the SQL expressions of a template (defaults, checks), which are SQL by design, written by operators.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SERVICE_KEY, type Server } from '../server.js'
import { attack, places, type Request, tried } from './sqlmap.js'
import { DATABASE, startTarget } from './target.js'

const key = { Authorization: `Bearer ${SERVICE_KEY}` }
const asked = { ...key, Database: DATABASE }

/** A request to the data API whose body is tried everywhere. */
const query = (operation: string, table: string, body: unknown): Request => ({
  method: 'POST',
  path: `/data/query/${table}`,
  headers: { ...asked, Prefer: `operation=${operation}` },
  body,
})

const REQUESTS: { [name: string]: Request } = {
  authorization: {
    method: 'GET',
    path: '/data/schema',
    headers: { ...asked, Authorization: tried(key.Authorization) },
  },
  'path and headers': {
    method: 'POST',
    path: `/data/query/${tried('tasks')}`,
    headers: {
      ...key,
      Database: tried(DATABASE),
      Prefer: `operation=${tried('select')}, count=${tried('exact')}, max-affected=${tried('5')}`,
      'Act-As': `role=${tried('member')}; user=${tried('ada')}`,
    },
  },
  select: query('select', 'tasks', {
    select: ['id', { project: { from: 'projects', select: ['name'], where: [{ name: { neq: 'Boat' } }] } }],
    where: [{ status: { in: ['done', 'todo'] } }, { 'meta->labels.0': { eq: 'urgent' } }],
    order: [{ title: 'asc' }],
    limit: 5,
    offset: 0,
  }),
  'related rows': query('select', 'projects', {
    select: ['name', { tasks: { select: ['title'], order: { title: 'desc' }, limit: 2 } }],
    where: [
      { 'tasks.title': { like: 'd%' } },
      { or: [{ tasks: { some: { status: { glob: 'd[a-z]ne' } } } }] },
    ],
  }),
  columns: query('select', 'tasks', {
    where: [{ done_at: { lte: { __col: 'due_at' } } }, { not: { views: { between: [4, 9] } } }],
  }),
  groups: query('select', 'tasks', {
    select: ['status', { n: { count: 'id' } }, { most: { max: 'hours' } }],
    group: ['status'],
    having: [{ n: { gt: 0 } }],
    order: { n: 'desc' },
  }),
  search: query('select', 'tasks', {
    select: [
      { found: { highlight: { column: 'title', before: '<', after: '>' } } },
      { part: { snippet: { column: 'body', ellipsis: '…', tokens: 3 } } },
      { rank: { rank: '__fts' } },
    ],
    where: [{ __fts: { match: 'rocket' } }],
    order: { __rank: 'asc' },
  }),
  words: query('select', 'tasks', { where: [{ title: { fts: 'rocket' } }] }),
  insert: query('insert', 'tasks', {
    data: [{ id: 77, project_id: 'p1', title: 'New', file: 'AAEC', hours: 1.5, meta: { labels: ['x'] } }],
    on_conflict: { target: ['id'], action: 'update', update: ['title'] },
    returning: ['title', { projects: ['name'] }],
  }),
  update: query('update', 'tasks', {
    data: { title: 'Build it', views: { __inc: 0 } },
    where: [{ id: { eq: 2 } }],
    returning: ['title'],
  }),
  delete: query('delete', 'labels', { where: [{ name: { eq: 'nothing' } }], returning: ['id'] }),
  batch: {
    method: 'POST',
    path: '/data/batch',
    headers: asked,
    body: {
      operations: [
        {
          operation: 'insert',
          table: 'labels',
          body: { data: { id: 'l3', name: 'mild' }, on_conflict: { action: 'replace' } },
        },
        { operation: 'select', table: 'labels', body: { where: [{ id: { eq: { $ref: '0.id' } } }] } },
      ],
    },
  },
  introspection: {
    method: 'GET',
    path: `/data/schema/${tried('tasks')}`,
    headers: { ...key, Database: tried(DATABASE) },
  },
  databases: {
    method: 'GET',
    path: `/platform/databases?limit=${tried('10')}&template=${tried('board')}`,
    headers: key,
  },
  database: { method: 'GET', path: `/platform/databases/${tried(DATABASE)}`, headers: key },
  history: { method: 'GET', path: `/platform/templates/${tried('board')}/history`, headers: key },
  jobs: { method: 'GET', path: `/platform/jobs?limit=${tried('10')}`, headers: key },
  key: {
    method: 'POST',
    path: '/platform/keys',
    headers: key,
    body: { name: 'attack', scopes: ['data'], database: DATABASE },
  },
  settings: {
    method: 'PUT',
    path: '/platform/settings',
    headers: key,
    body: { plans: { free: { seats: 'one' } } },
  },
  template: {
    method: 'POST',
    path: '/platform/templates/board/diff',
    headers: key,
    body: {
      template: {
        format: 1,
        name: 'board',
        tables: [{ name: 'notes', columns: [{ name: 'id', type: 'text' }], primary_key: ['id'] }],
      },
    },
  },
}

describe.concurrent('takes no SQL', { timeout: 600_000 }, () => {
  let server: Server

  beforeAll(async () => {
    server = await startTarget()
  })

  afterAll(async () => {
    await server?.stop()
  })

  test.each(Object.entries(REQUESTS))('%s', async (_, request) => {
    await takesNone(request)
  })

  test('cursor', async () => {
    const page = { order: { title: 'asc' }, limit: 1 }
    const { path, headers = {} } = query('select', 'tasks', page)
    const first = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(page) })
    await takesNone(query('select', 'tasks', { ...page, cursor: (await first.json()).next }))
  })

  async function takesNone(request: Request) {
    const { safe, injectable, printed } = await attack(server.url, request)
    expect(injectable, printed).toEqual([])
    // Whatever could not be tried would be missing here.
    expect(safe, printed).toBeGreaterThanOrEqual(places(request))
  }
})

describe.concurrent('a server that does is found out', { timeout: 600_000 }, () => {
  let broken: ChildProcess
  let url: string

  beforeAll(async () => {
    const python = new URL('../../.tools/python/bin/python', import.meta.url).pathname
    broken = spawn(python, [new URL('broken.py', import.meta.url).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (broken.stdout === null) throw new Error('no output')
    ;[url] = await once(createInterface({ input: broken.stdout }), 'line')
  })

  afterAll(() => {
    broken.kill()
  })

  test.each<[string, Request, string[]]>([
    ['path', { method: 'GET', path: `/query/${tried('tasks')}` }, ['#1* (URI)']],
    ['query string', { method: 'GET', path: `/query/tasks?limit=${tried('5')}` }, ['#1* (URI)']],
    [
      'header',
      { method: 'GET', path: '/query/tasks', headers: { Author: tried('ada') } },
      ['Author #1* ((custom) HEADER)'],
    ],
    [
      'names and values of the body',
      { method: 'POST', path: '/query/tasks', body: { where: { title: 'Launch' } } },
      ['JSON #2* ((custom) POST)', 'JSON #3* ((custom) POST)'],
    ],
  ])('%s', async (_, request, holes) => {
    const { injectable, printed } = await attack(url, request)
    expect(injectable, printed).toEqual(expect.arrayContaining(holes))
  })
})
