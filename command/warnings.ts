import type { LabelStudioAdapters } from '../adapters/label-studio/index.js'

/** The warning that says what an examination finds as well. */
const refused = 'ERR_SCIM_LABEL_STUDIO_REFUSED'
let isExamining = false

/**
 * Prints each process warning as one line, instead of Node's form with the name of a class and
 * advice for developers.
 */
export function printWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ message, code }: Error & { code?: string }) => {
    if (!isExamining || code !== refused) process.stderr.write(`WARNING: ${message}\n`)
  })
}

/** The findings about a Label Studio, without a warning that says the same. */
export async function examined({ examine }: Pick<LabelStudioAdapters, 'examine'>) {
  isExamining = true
  try {
    return await examine()
  } finally {
    // Node emits a warning a moment after it was made.
    setImmediate(() => {
      isExamining = false
    })
  }
}
