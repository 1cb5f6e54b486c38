// The fenced blocks of a page of documentation, and running its shell blocks as a reader pastes them.

import { execFile } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { BINARY } from './server.js'

export interface Block {
  language: string
  text: string
  /** Where it stands in the page. */
  line: number
}

export function fencedBlocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: text, index }) => ({
    language: language ?? '',
    text: text ?? '',
    line: page.slice(0, index).split('\n').length,
  }))
}

export interface Ran {
  /** What was printed on both streams. */
  output: string
  /** 0, or the exit code of the last command that failed. */
  code: number
}

/** Runs the scripts in one shell, so that a `cd` or a variable holds for those that follow. */
export async function runScripts(
  scripts: string[],
  folder: string,
  environment: Record<string, string>,
): Promise<Ran[]> {
  const mark = '── end of block, exit code'
  const script = scripts.map((text) => `code=0\n${text}\necho "${mark} $code"\n`).join('')
  const output = await new Promise<string>((ended, failed) => {
    const shell = ['-o', 'pipefail', '-c', `exec 2>&1\ntrap 'code=$?' ERR\n${script}`]
    const PATH = [dirname(BINARY), process.env.PATH].join(delimiter)
    const options = { cwd: folder, env: { HOME: folder, PATH, ...environment }, maxBuffer: 1 << 24 }
    // The shell's own exit code says nothing; a block that ends the shell is missing in the output.
    const { stdin } = execFile('bash', shell, options, (error, stdout) =>
      typeof error?.code === 'string' ? failed(error) : ended(stdout),
    )
    stdin?.end()
  })
  const ran = [...output.matchAll(new RegExp(`([\\s\\S]*?)${mark} (\\d+)\n`, 'g'))].map(
    ([, output = '', code]) => ({ output, code: Number(code) }),
  )
  if (ran.length !== scripts.length) throw new Error(`The shell ended early:\n${output}`)
  return ran
}
