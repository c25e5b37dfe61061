import type { Finding } from '../../stores/finding.js'
import type { SettingsContext } from '../options.js'

const patienceMs = 5_000

/** Whether the host behind the stores allows what is wanted, asked now; empty where the adapters cannot say. */
export async function readFindings({ adapters }: SettingsContext): Promise<readonly Finding[]> {
  return (await adapters.examine?.(AbortSignal.timeout(patienceMs))) ?? []
}
