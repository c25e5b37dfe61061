import { describeReplacedCredentials } from '../adapters/label-studio/replaced-credentials.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeReplacedCredentials(`credentials in Label Studio Community ${release}`, startLabelStudio)
