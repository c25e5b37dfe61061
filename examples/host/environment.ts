import { generateToken } from 'label-studio-scim'

/** Where this host listens, what it stores in, and who may talk to it. */
export interface Environment {
  readonly port: number
  readonly host: string
  /** Where the settings page and API listen when not at `port`: another origin than Label Studio's. */
  readonly settings?: { readonly port: number; readonly host: string }
  /** For the identity provider. */
  readonly scimToken: string
  /** For administrators. */
  readonly adminToken: string
  readonly databaseUrl: string
  /** The Label Studio to provision, and to put behind the gate. */
  readonly labelStudio?: LabelStudioEnvironment
  /** Names of the variables that were not set and got a random value for this run. */
  readonly generated: readonly string[]
}

/** How to reach a Label Studio as its owner. */
export interface LabelStudioEnvironment {
  readonly url: string
  readonly token: string
  /** The owner's sign-in: Community is deactivated, renamed and given passwords through it. */
  readonly owner?: { readonly email: string; readonly password: string }
}

/**
 * Reads the settings of this host from environment variables.
 *
 * @throws Error naming the variable that cannot be used
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const { PORT = '3000', HOST, SCIM_TOKEN, ADMIN_TOKEN, DATABASE_URL } = variables
  const { SETTINGS_PORT, SETTINGS_HOST } = variables
  const host = HOST || '127.0.0.1'
  for (const [name, token] of Object.entries({ SCIM_TOKEN, ADMIN_TOKEN })) {
    if (token && !/^[A-Za-z0-9\-._~+/]{16,}=*$/.test(token)) {
      throw new Error(
        `${name} has fewer than 16 characters, or others than letters, digits and -._~+/. Give a long random text.`,
      )
    }
  }
  if (SETTINGS_HOST && !SETTINGS_PORT) {
    throw new Error('SETTINGS_HOST is set: give the port of the settings as SETTINGS_PORT.')
  }
  return {
    port: readPort('PORT', PORT),
    host,
    ...(SETTINGS_PORT && {
      settings: {
        port: readPort('SETTINGS_PORT', SETTINGS_PORT),
        host: SETTINGS_HOST || host,
      },
    }),
    scimToken: SCIM_TOKEN || generateToken(),
    adminToken: ADMIN_TOKEN || generateToken(),
    databaseUrl: DATABASE_URL || 'sqlite:data/scim.db',
    generated: ['SCIM_TOKEN', 'ADMIN_TOKEN'].filter((name) => !variables[name]),
    ...readLabelStudio(variables),
  }
}

function readPort(name: string, value: string): number {
  const port = Number(value)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`${name} is "${value}". Give a number from 0 (any free port) to 65535.`)
}

function readLabelStudio(variables: NodeJS.ProcessEnv): Pick<Environment, 'labelStudio'> {
  const { LABEL_STUDIO_URL: url, LABEL_STUDIO_TOKEN: token } = variables
  const { LABEL_STUDIO_EMAIL: email, LABEL_STUDIO_PASSWORD: password } = variables
  if (!url) return {}
  if (!token) {
    throw new Error('LABEL_STUDIO_URL is set: give the token of its owner as LABEL_STUDIO_TOKEN.')
  }
  return {
    labelStudio: { url, token, ...(email && password && { owner: { email, password } }) },
  }
}
