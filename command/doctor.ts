import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import { memoryAdapters } from 'label-studio-scim/adapters/memory'
import { examineDatabase } from 'label-studio-scim/adapters/sql'
import type { CommandCall } from './command.js'
import { databaseUrl } from './database.js'
import { requireLabelStudio } from './label-studio.js'
import { examined } from './warnings.js'

const marks = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ' }

/**
 * Examines the database and a Label Studio, and changes nothing. Returns 1 if something cannot
 * work.
 */
export async function doctor({ environment, tell }: CommandCall): Promise<number> {
  const settings = requireLabelStudio(environment)
  const adapters = labelStudioAdapters({ ...settings, storage: memoryAdapters() })
  const findings = [
    ...(await examineDatabase({ url: databaseUrl(environment) })),
    ...(await examined(adapters)),
  ]
  const lines = findings.map(({ level, message }) => `${marks[level]}  ${message}`)
  tell(lines.join('\n'), { findings })
  return findings.some(({ level }) => level === 'error') ? 1 : 0
}
