import type { Command } from './command.js'
import { describeVariables } from './variables.js'

/** The help of the program. */
export function describeProgram(commands: Readonly<Record<string, Command>>): string {
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(16)} ${summary}`,
  )
  return `Usage: label-studio-scim <command>

${lines.join('\n')}

"label-studio-scim <command> --help" lists its options and environment variables. --version prints
the version, --json prints answers as JSON.
`
}

/** The help of one command. */
export function describeCommand(name: string, command: Command): string {
  const { summary, words, options = {}, notes, variables } = command
  const lines = [
    ...Object.entries(options).map(([option, { value, doc }]) => [`--${option} ${value}`, doc]),
    ['--json', 'print the answer as JSON'],
    ['--help', 'print this'],
  ].map(([option = '', doc = '']) => `  ${option.padEnd(10)}  ${doc}`)
  const parts = [
    `Usage: label-studio-scim ${name} [options]${words ? ` ${words}` : ''}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${notes ? `\n\n${notes}` : ''}`,
    `Options:\n${lines.join('\n')}`,
    ...(variables.length > 0 ? [`Environment:\n${describeVariables(variables)}`] : []),
  ]
  return `${parts.join('\n\n')}\n`
}
