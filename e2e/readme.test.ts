// The README's five minutes, block by block, as a newcomer pastes them: on a copy of the example, against `atomicbase dev`.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BINARY } from './server.js'

const REPOSITORY = resolve(import.meta.dirname, '..')
/** What each block prints, by a line of the block. A block that is not listed only has to succeed. */
const PRINTS: [block: string, output: RegExp][] = [
  ['atomicbase databases list', /acme-co[\s\S]*beta-inc[\s\S]*gamma-llc/],
  ['"order": {"name": "asc"}', /"name":"Mobile app"[\s\S]*"title":"Choose the photos"/],
  ['atomicbase diff', /\+ tasks\.due_at \(TIMESTAMP\)\n\s+\+ idx_due on tasks\(due_at\)/],
  ['atomicbase push', /v1 → v2[\s\S]*✓ 3 databases updated in [\s\S]*complete/],
  ['"title": "Ship it"', /"due_at":1767225600/],
  ['npm run --silent tour', /Website relaunch: Choose the photos/],
  ['atomicbase databases create delta-gmbh', /delta-gmbh/],
]

let readme: string
let root: string
let server: ChildProcess
let url: string

// As deep below the repository as the example is, so that its relative paths lead where they lead there.
beforeAll(async () => {
  readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8')
  await mkdir(join(REPOSITORY, 'target'), { recursive: true })
  root = await mkdtemp(join(REPOSITORY, 'target/readme-'))
  await mkdir(join(root, 'target/release'), { recursive: true })
  await symlink(BINARY, join(root, 'target/release/atomicbase'))
  await symlink(join(REPOSITORY, 'web'), join(root, 'web'))
  const example = join(root, 'examples/saas-app')
  const isSource = (path: string) => !path.includes('atomicbase-data') && !path.includes('/.build')
  await cp(join(REPOSITORY, 'examples/saas-app'), example, {
    recursive: true,
    verbatimSymlinks: true,
    filter: isSource,
  })
  server = spawn(BINARY, ['dev', '--dir', 'examples/saas-app', '--listen', '127.0.0.1:0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  url = await address(server)
  // The test's port is its own; everything else is as printed.
  const program = await readFile(join(example, 'tour.ts'), 'utf8')
  await writeFile(join(example, 'tour.ts'), program.replaceAll('http://localhost:8080', url))
})

afterAll(async () => {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  await rm(root, { recursive: true })
})

// The greeting comes last: by then the schema is pushed and the databases are filled.
async function address(started: ChildProcess): Promise<string> {
  let printed = ''
  for await (const chunk of started.stdout ?? []) {
    printed += chunk
    const found = /address\s+(http:\S+)[\s\S]*Stop with Ctrl-C/.exec(printed)
    if (found?.[1] !== undefined) return found[1]
  }
  throw new Error(`dev ended:\n${printed}`)
}

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block]) => block ?? '',
  )
}

test('the tour works as it is pasted', async () => {
  const tour = blocks('sh').filter((block) => !block.includes('make run'))
  // One shell, so that a `cd` and an `export` hold for the blocks that follow; a mark tells their outputs apart.
  const script = tour.map((block, index) => `${block}\necho "── end of block ${index}"`).join('\n')
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-euo', 'pipefail', '-c', script.replaceAll('http://localhost:8080', url)],
    {
      cwd: root,
      env: { ...process.env, ATOMICBASE_URL: url, NO_COLOR: '1' },
      maxBuffer: 1 << 24,
    },
  )
  const outputs = stdout.split(/── end of block \d+\n/)
  for (const [line, wanted] of PRINTS) {
    const index = tour.findIndex((block) => block.includes(line))
    expect(index, `a block with ${line}`).toBeGreaterThanOrEqual(0)
    expect(outputs[index], line).toMatch(wanted)
  }
})

test('the program of the README is the file of the example', async () => {
  const file = await readFile(join(REPOSITORY, 'examples/saas-app/tour.ts'), 'utf8')
  expect(blocks('ts')).toEqual([file])
})
