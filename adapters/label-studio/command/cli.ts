#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { mappingPolicy, parseRules } from '../../../lib/mapping/index.js'
import type { Finding } from '../../../lib/stores/finding.js'
import { labelStudioAdmin, labelStudioApi } from '../api/index.js'
import type { CommunityDeprovisioning } from '../options.js'
import { deprovisioningEffects, examine } from './doctor.js'

const usage = `Usage: label-studio-scim <command>

  doctor                    examine a Label Studio: token, owner, edition, flags
  import-settings [FILE]    print the group mapping of Label Studio Enterprise's own SCIM, or write it to FILE
  import-settings --to URL  save it at the settings API of a host, e.g. https://host/api/scim/settings

Environment:
  LABEL_STUDIO_URL, LABEL_STUDIO_TOKEN         the Label Studio to look at, and its owner's token
  LABEL_STUDIO_EMAIL, LABEL_STUDIO_PASSWORD    the owner's sign-in (Community)
  LABEL_STUDIO_DEPROVISIONING                  admin, gate, soft-delete or hard-delete
  ADMIN_TOKEN                                  token of the settings API, for --to
`

type Environment = Readonly<Record<string, string | undefined>>

const commands: Readonly<
  Record<string, (rest: string[], environment: Environment) => Promise<number>>
> = {
  doctor: (_rest, environment) => doctor(environment),
  'import-settings': importSettings,
}

async function doctor(environment: Environment): Promise<number> {
  const connection = connectionFrom(environment)
  const { LABEL_STUDIO_EMAIL: email, LABEL_STUDIO_PASSWORD: password } = environment
  const admin = email && password ? labelStudioAdmin({ ...connection, email, password }) : undefined
  const deprovisioning = environment.LABEL_STUDIO_DEPROVISIONING ?? (admin ? 'admin' : 'gate')
  if (!isDeprovisioning(deprovisioning)) {
    throw new Error('LABEL_STUDIO_DEPROVISIONING must be admin, gate, soft-delete or hard-delete.')
  }
  const findings = await examine({
    api: labelStudioApi(connection),
    admin,
    settings: { deprovisioning, firstSignIn: admin ? 'password' : 'invite' },
  })
  for (const finding of findings) print(lineOf(finding))
  return findings.some(({ level }) => level === 'error') ? 1 : 0
}

function isDeprovisioning(text: string): text is CommunityDeprovisioning {
  return Object.hasOwn(deprovisioningEffects, text)
}

/** A finding as one line of text. */
function lineOf({ level, message }: Finding): string {
  const mark = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ' }[level]
  return `${mark}  ${message}`
}

async function importSettings(rest: string[], environment: Environment): Promise<number> {
  const mapping = await labelStudioApi(connectionFrom(environment)).settings.scimMapping()
  if (!mapping) {
    print('This Label Studio has no SCIM settings: only Enterprise has.')
    return 1
  }
  const rules = parseRules(mapping, mappingPolicy({ allowSystemRoles: true }))
  const text = `${JSON.stringify(rules, null, 2)}\n`
  const [first, second] = rest
  if (first === '--to' && second !== undefined) return saveAt(second, text, environment)
  if (first === undefined) process.stdout.write(text)
  else await writeFile(first, text)
  return 0
}

async function saveAt(url: string, text: string, environment: Environment): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${environment.ADMIN_TOKEN ?? ''}`,
      'Content-Type': 'application/json',
    },
    body: text,
  })
  print(response.ok ? 'Saved.' : `Not saved (${response.status}): ${await response.text()}`)
  return response.ok ? 0 : 1
}

function connectionFrom({ LABEL_STUDIO_URL: url, LABEL_STUDIO_TOKEN: token }: Environment) {
  if (!url || !token) throw new Error('Set LABEL_STUDIO_URL and LABEL_STUDIO_TOKEN.')
  return { url, token }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main([name = '', ...rest]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    process.stderr.write(usage)
    return name === '' ? 1 : 2
  }
  return command(rest, process.env)
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)
