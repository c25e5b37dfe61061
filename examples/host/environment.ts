import { generateToken } from 'label-studio-scim'

/** Where this host listens, what it stores in, and who may talk to it. */
export interface Environment {
  readonly port: number
  readonly host: string
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
  const port = Number(PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT is "${PORT}". Give a number from 0 (any free port) to 65535.`)
  }
  return {
    port,
    host: HOST || '127.0.0.1',
    scimToken: SCIM_TOKEN || generateToken(),
    adminToken: ADMIN_TOKEN || generateToken(),
    databaseUrl: DATABASE_URL || 'sqlite:data/scim.db',
    generated: ['SCIM_TOKEN', 'ADMIN_TOKEN'].filter((name) => !variables[name]),
    ...readLabelStudio(variables),
  }
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
