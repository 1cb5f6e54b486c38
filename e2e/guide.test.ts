// The guide's pages, each in an empty project: files are written, commands run, and print what stands below them.
// A page of the SDK is one program: its first block holds for all that follow, each of which has a scope of its own.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Atomicbase } from '@atomicbase/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { type Block, fencedBlocks, runScripts } from './blocks.js'
import { copyExample, REPOSITORY } from './example.js'
import { Project } from './project.js'
import { SERVICE_KEY, startDev } from './server.js'

const readBlocks = async (page: string) =>
  fencedBlocks(await readFile(join(REPOSITORY, 'docs/guide', page), 'utf8'))

/** An output in which `…` stands for anything, on one line or as a line by itself. */
function outputPattern(text: string): RegExp {
  const literal = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll(/^ *…\n/gm, '(?:.*\n)*').replaceAll('…', '.*')}$`)
}

/** Each block that does something, with the `text` block that says what it prints. */
function withOutputs(blocks: Block[]): [Block, string | undefined][] {
  return blocks.flatMap((block, index) => {
    if (block.language !== 'sh' && block.language !== 'ts') return []
    const next = blocks[index + 1]
    return [[block, next?.language === 'text' ? next.text : undefined]]
  })
}

/** A `ts` block as the command that a reader does by hand: it names its file in its first line. */
function writing({ text, line }: Block): string {
  const [, path] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? []
  if (path === undefined) throw new Error(`The block at line ${line} does not name its file.`)
  return `mkdir -p "$(dirname ${path})"\ncat > ${path} <<'END'\n${text}END`
}

test.each(['schema.md', 'policies.md', 'pushes.md', 'queries.md', 'cli.md'])(
  '%s does what it says',
  async (page) => {
    const project = await Project.start()
    onTestFinished(() => project.stop())
    const steps = withOutputs(await readBlocks(page))
    const here = (text: string) => text.replaceAll('http://localhost:8080', project.server.url)
    const scripts = steps.map(([block]) => (block.language === 'ts' ? writing(block) : here(block.text)))
    const ran = await runScripts(scripts, project.folder, project.environment)
    for (const [index, { output, code }] of ran.entries()) {
      const [block, text] = steps[index] ?? []
      const place = `${page}:${block?.line}`
      // What a shell does not print stands below the output when it matters.
      const printed = code === 0 ? output : `${output}exit code ${code}\n`
      if (text !== undefined) expect(printed, place).toMatch(outputPattern(here(text)))
      else expect({ place, code, output }).toMatchObject({ place, code: 0 })
    }
  },
)

// The examples below queries.md are run by crates/data/tests/it/guide.rs, on this template.
test('the schema of queries.md is the one that its examples run on', async () => {
  const project = await Project.start()
  onTestFinished(() => project.stop())
  const [schema] = (await readBlocks('queries.md')).filter(({ language }) => language === 'ts')
  if (schema === undefined) throw new Error('queries.md shows no schema.')
  await runScripts([writing(schema), 'atomicbase push'], project.folder, project.environment)
  const pushed = await new Atomicbase({ url: project.server.url, apiKey: SERVICE_KEY }).templates.get(
    'studio',
  )
  const fixture = await readFile(join(REPOSITORY, 'crates/data/tests/fixtures/studio.json'), 'utf8')
  expect(pushed.template).toEqual(JSON.parse(fixture))
})

const MARK = '── end of block'

function programOf(blocks: Block[]): string {
  const imports = new Set<string>()
  const [first, ...others] = blocks.map(({ text }) =>
    text.replaceAll(/^import .*\n/gm, (line) => {
      imports.add(line)
      return ''
    }),
  )
  return [...imports, first, ...others.map((text) => `{\n${text}}\nconsole.log('${MARK}')\n`)].join('')
}

test('sdk.md is a program that compiles, and prints what it says', async () => {
  const steps = withOutputs(await readBlocks('sdk.md'))
  const example = await copyExample()
  onTestFinished(() => example.remove())
  const server = await startDev(example.folder)
  onTestFinished(() => server.stop())
  const program = programOf(steps.map(([block]) => block)).replaceAll('http://localhost:8080', server.url)
  await writeFile(join(example.folder, 'tour.ts'), program)
  const tour = `export ATOMICBASE_API_KEY=$(cat atomicbase-data/dev-key)\nnpm run --silent tour`
  const [ran] = await runScripts([tour], example.folder, {})
  expect(ran?.code, ran?.output).toBe(0)
  const outputs = ran?.output.split(`${MARK}\n`) ?? []
  for (const [index, [{ line }, text = '']] of steps.slice(1).entries()) {
    expect(outputs[index], `sdk.md:${line}`).toMatch(outputPattern(text))
  }
})
