/** An environment variable, for the help of the commands that read it. */
interface Variable {
  readonly doc: string
  readonly default?: string
}

/** Every environment variable that this program reads. */
export const variables = {
  PORT: { doc: 'port of SCIM, settings and Label Studio; 0 means any free port', default: '3000' },
  HOST: { doc: 'address to listen on; 0.0.0.0 means all addresses', default: '127.0.0.1' },
  SETTINGS_PORT: { doc: 'separate port for the settings, so that they have their own origin' },
  SETTINGS_HOST: { doc: 'address to listen on for SETTINGS_PORT', default: 'HOST' },
  TRUST_PROXY: {
    doc: 'reverse proxies whose X-Forwarded-… headers to believe, e.g. loopback',
  },
  DATABASE_URL: {
    doc: 'sqlite:PATH, sqlite::memory: or postgres://…',
    default: 'sqlite:data/scim.db',
  },
  SCIM_TOKEN: {
    doc: 'token of the identity provider',
    default: '"serve" makes one for each run',
  },
  SCIM_TOKEN_DIGEST: {
    doc: 'digests of such tokens, separated by commas; "token" makes one',
  },
  ADMIN_TOKEN: {
    doc: 'token of administrators, for the settings',
    default: '"serve" makes one for each run',
  },
  ADMIN_TOKEN_DIGEST: { doc: 'digests of such tokens, separated by commas' },
  HOST_SECRET: {
    doc: '32+ characters, the same on all hosts: for the page and cursors',
    default: 'random for each run',
  },
  LABEL_STUDIO_URL: { doc: 'the base URL of Label Studio' },
  LABEL_STUDIO_TOKEN: { doc: 'token of its owner' },
  LABEL_STUDIO_EMAIL: { doc: 'e-mail address of its owner (Community)' },
  LABEL_STUDIO_PASSWORD: { doc: 'password of its owner (Community)' },
  LABEL_STUDIO_DEPROVISIONING: {
    doc: 'how access ends in Community: admin, gate, soft-delete or hard-delete',
    default: 'admin with the owner’s sign-in, else gate',
  },
  LABEL_STUDIO_FIRST_SIGN_IN: {
    doc: 'first sign-in in Community: password (by SCIM) or invite (a link)',
    default: 'password with the owner’s sign-in, else invite',
  },
  LABEL_STUDIO_RULES: {
    doc: 'what the rules do in Community: enforce, report (log only) or off',
    default: 'enforce, as soon as there are rules',
  },
  LABEL_STUDIO_SCRIPTS: {
    doc: 'whose scripts run in its pages while rules are enforced: own or any',
    default: 'own',
  },
  LABEL_STUDIO_GATE: {
    doc: 'closed: nobody reaches Label Studio (503), e.g. after a restore',
    default: 'open',
  },
} as const satisfies Readonly<Record<string, Variable>>

export type VariableName = keyof typeof variables

/** The environment of the program. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of one Label Studio. */
export const labelStudioVariables = [
  'LABEL_STUDIO_URL',
  'LABEL_STUDIO_TOKEN',
  'LABEL_STUDIO_EMAIL',
  'LABEL_STUDIO_PASSWORD',
  'LABEL_STUDIO_DEPROVISIONING',
  'LABEL_STUDIO_FIRST_SIGN_IN',
] as const satisfies readonly VariableName[]

/** The help for the variables, one line each. */
export function describeVariables(names: readonly VariableName[]): string {
  const width = Math.max(...names.map((name) => name.length))
  const lines = names.map((name) => {
    const { doc, default: otherwise }: Variable = variables[name]
    const line = `  ${name.padEnd(width)}  ${doc}`
    return otherwise === undefined ? line : `${line}\n${' '.repeat(width + 4)}default: ${otherwise}`
  })
  return lines.join('\n')
}
