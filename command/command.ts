import type { Environment, VariableName } from './variables.js'

/** One command of the program. */
export interface Command {
  readonly summary: string
  /** The words after the name, as the help shows them: `[FILE]`. Without, there are none. */
  readonly words?: string
  /** Options beside `--json` and `--help`, each with one value. */
  readonly options?: Readonly<Record<string, OptionHelp>>
  /** What else the help says. */
  readonly notes?: string
  readonly variables: readonly VariableName[]
  /** Does the work; resolves with the exit code. */
  run(call: CommandCall): Promise<number>
}

interface OptionHelp {
  /** What stands for the value in the help: `URL`. */
  readonly value: string
  readonly doc: string
}

/** What somebody typed. */
export interface CommandCall {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | undefined>>
  readonly environment: Environment
  /** Answers are JSON, one object a line. */
  readonly isJson: boolean
  /** Prints an answer: `text` for people, `data` with `--json`. */
  tell(text: string, data: unknown): void
}

/** A mistake in what was typed or set. Its message is all that is printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
