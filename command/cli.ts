#!/usr/bin/env node
import { parseArgs } from 'node:util'
import manifest from 'label-studio-scim/package.json' with { type: 'json' }
import { unsupportedNode } from '../lib/node-version.js'
import type { Command } from './command.js'
import { commands } from './commands.js'
import { describeCommand, describeProgram } from './help.js'
import type { Environment } from './variables.js'
import { printWarnings } from './warnings.js'

printWarnings()
// A log reader that has ended, or a full disk, must not end a host that serves people.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

main(process.argv.slice(2), process.env).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)

async function main([name = '', ...rest]: readonly string[], environment: Environment) {
  if (name === '--help' || name === '-h') return print(describeProgram(commands))
  if (name === '--version') return print(`${manifest.version}\n`)
  const unsupported = unsupportedNode()
  if (unsupported !== undefined) {
    process.stderr.write(`${unsupported}\n`)
    return 1
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return runCommand(name, command, { rest, environment })
  const complaint = name === '' ? '' : `There is no command "${name}".\n\n`
  process.stderr.write(complaint + describeProgram(commands))
  return 2
}

interface Typed {
  readonly rest: readonly string[]
  readonly environment: Environment
}

async function runCommand(name: string, command: Command, { rest, environment }: Typed) {
  const typed = parse(command, rest)
  if (typeof typed === 'string') {
    process.stderr.write(`${typed}\n"label-studio-scim ${name} --help" shows how to use it.\n`)
    return 2
  }
  const { help, json = false, ...options } = typed.values
  if (help) return print(describeCommand(name, command))
  return command.run({
    words: typed.positionals,
    options: options as Readonly<Record<string, string | undefined>>,
    environment,
    isJson: json === true,
    tell: (text, data) => print(`${json ? JSON.stringify(data) : text}\n`),
  })
}

/** Parses the arguments of a command, or describes the mistake in them. */
function parse({ options = {}, words }: Command, rest: readonly string[]) {
  const own = Object.keys(options).map((option) => [option, { type: 'string' }] as const)
  const known = {
    ...Object.fromEntries(own),
    help: { type: 'boolean', short: 'h' },
    json: { type: 'boolean' },
  } as const
  try {
    const typed = parseArgs({ args: [...rest], options: known, allowPositionals: true })
    const most = words === undefined ? 0 : words.includes('…') ? Number.POSITIVE_INFINITY : 1
    const surplus = typed.positionals[most]
    return surplus === undefined ? typed : `Unexpected word "${surplus}".`
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Keep only the first sentence. The rest is advice about arguments that begin with a hyphen.
    return `${error.message.split('. ')[0]}.`
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
