import { describeReplacedCredentials } from '../adapters/label-studio/replaced-credentials.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeReplacedCredentials('credentials in Label Studio Community 1.23.2', startLabelStudio)
