import type { Environment, VariableName } from './variables.js'

/** One command of the program. */
export interface Command {
  readonly summary: string
  /** The words after the name, as shown in the help: `[FILE]`. Absent: none. */
  readonly words?: string
  /** Options besides `--json` and `--help`, each with one value. */
  readonly options?: Readonly<Record<string, OptionHelp>>
  /** Further text of the help. */
  readonly notes?: string
  readonly variables: readonly VariableName[]
  /** Does the work; resolves with the exit code. */
  run(call: CommandCall): Promise<number>
}

interface OptionHelp {
  /** The placeholder of the value in the help: `URL`. */
  readonly value: string
  readonly doc: string
}

/** The parsed command line. */
export interface CommandCall {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | undefined>>
  readonly environment: Environment
  /** Print answers as JSON, one object per line. */
  readonly isJson: boolean
  /** Prints an answer: `text` for people, `data` with `--json`. */
  tell(text: string, data: unknown): void
}

/** A mistake in the command line or environment. Only its message is printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
