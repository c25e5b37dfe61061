import { writeFile } from 'node:fs/promises'
import { labelStudioApi } from '../adapters/label-studio/api/index.js'
import { type MappingRules, mappingPolicy, parseRules } from '../lib/mapping/index.js'
import { type CommandCall, UsageError } from './command.js'
import { requireLabelStudio } from './label-studio.js'

/** Prints, writes or saves the group mapping of Label Studio Enterprise's own SCIM. */
export async function importSettings(call: CommandCall): Promise<number> {
  const { environment, words, options, tell } = call
  const [file] = words
  if (file !== undefined && options.to !== undefined) {
    throw new UsageError('Give a file or --to, not both.')
  }
  const mapping = await labelStudioApi(requireLabelStudio(environment)).settings.scimMapping()
  if (!mapping) {
    const message = 'This Label Studio has no SCIM settings; only Enterprise has them.'
    tell(message, { error: message })
    return 1
  }
  const seats = mapping.user_type_groups.length
  if (seats > 0) process.stderr.write(`WARNING: ${seats} rules for seat types are left out.\n`)
  const rules = parseRules(mapping, mappingPolicy({ allowSystemRoles: true }))
  if (options.to !== undefined) return saveAt(options.to, rules, call)
  const text = JSON.stringify(rules, null, 2)
  if (file === undefined) tell(text, rules)
  else await writeFile(file, `${text}\n`)
  return 0
}

async function saveAt(
  url: string,
  rules: MappingRules,
  { environment, tell }: CommandCall,
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${environment.ADMIN_TOKEN ?? ''}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify(rules),
  })
  const { ok: saved, status } = response
  const answer = await response.text()
  tell(saved ? 'Saved.' : `Not saved (${status}): ${answer}`, { saved, status })
  return saved ? 0 : 1
}
