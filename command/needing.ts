import { UsageError } from './command.js'

/**
 * Loads a module that needs an optional package, and explains how to install the package if it is
 * missing.
 */
export async function needing<T>(packageName: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing || !message.includes(`'${packageName}'`)) throw error
    throw new UsageError(`This needs a package: npm install ${packageName}`, { cause: error })
  }
}
