import { format, stripVTControlCharacters } from 'node:util'
import createDebug from 'debug'

/** Records the text of every statement that runs while `work` does. */
export async function recordStatements(work: () => Promise<unknown>): Promise<readonly string[]> {
  const texts: string[] = []
  const log = createDebug.log
  createDebug.log = (...values: unknown[]) => {
    texts.push(stripVTControlCharacters(format(...values)))
  }
  createDebug.enable('label-studio-scim:sql')
  try {
    await work()
  } finally {
    createDebug.disable()
    createDebug.log = log
  }
  return texts
}
