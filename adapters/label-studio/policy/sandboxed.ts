import type { PolicyDecision, PolicyQuestion } from '../../../lib/adapter/index.js'
import { decodedPath } from './text.js'

/**
 * In the paths of answers of Label Studio with files that its people choose, under its own origin.
 * A server in between may resolve dots and double slashes. Label Studio sandboxes uploads itself,
 * but not what its nginx sends for it.
 */
const files = /\/(?:resolve|presign)|local-files|storage-data/

/**
 * Keeps a script in a file from acting for whoever opens it: a Manager chooses the bucket of a
 * storage, and an Administrator may open its files.
 */
export function sandboxed(
  { request: { url } }: PolicyQuestion,
  decision: PolicyDecision,
): PolicyDecision {
  if (decision.kind !== 'allow') return decision
  const path = decodedPath(url)
  // An administrator's path may not be UTF-8; Label Studio reads the rest of it.
  if (path !== undefined && !files.test(path)) return decision
  return { ...decision, answer: { ...decision.answer, isSandboxed: true } }
}
