import { grouped, type OptionsOf, option, type TypedOption } from '../../options/define.js';
import { ACKNOWLEDGED, ACKNOWLEDGED_OPTIONS, deliveryOption } from '../../options/delivery-options.js';
import { requestIdsOption } from '../../options/output-options.js';
import { PORT_OPTIONS, SKIP_FIRST_OPTION } from '../../options/port-options.js';
import { defineCommand, portArguments } from '../command.js';

/** The environment variable with the password for the broker. */
export const PASSWORD_VARIABLE = 'SERCOM_MQTT_PASSWORD';

const QOS_OPTION: TypedOption<0 | 1> = option(
  '--qos <level>',
  'how packets of the devices are published: 0, at most once; 1, at least once',
  { choices: ['0', '1'], parse: (text) => (text === '1' ? 1 : 0), default: 0 },
);

const BROKER_OPTIONS = grouped('Broker:', {
  mqtt: option('--mqtt <url>', 'the broker: mqtt://HOST[:PORT], mqtts://… (TLS), ws://… or wss://… (required)'),
  base: option('--base <topic>', 'the topics begin with this', { default: 'serial' }),
  name: option('--name <name>', "name of this bridge, the next level of the topics (default: this machine's name)"),
  qos: QOS_OPTION,
  awaitBroker: option('--await-broker', 'if the broker cannot be reached, keep trying instead of failing'),
  mqttUser: option(
    '--mqtt-user <name>',
    `user name at the broker; the password comes from ${PASSWORD_VARIABLE} or --mqtt-password-file, never from an argument`,
  ),
  mqttPasswordFile: option('--mqtt-password-file <file>', 'the password is the content of this file', {
    needs: ['mqttUser'],
  }),
  mqttCa: option('--mqtt-ca <file>', 'certificates (PEM) to trust instead of those of well-known authorities'),
  mqttCert: option('--mqtt-cert <file>', 'certificate (PEM) of this client', { needs: ['mqttKey'] }),
  mqttKey: option('--mqtt-key <file>', 'private key (PEM) of --mqtt-cert', { needs: ['mqttCert'] }),
});

/** How to reach the broker. */
export type BrokerOptions = OptionsOf<typeof BROKER_OPTIONS>;

/** `sercom bridge` */
export const definition = defineCommand({
  options: {
    ports: portArguments(),
    ...BROKER_OPTIONS,
    ...SKIP_FIRST_OPTION,
    requestIdBytes: requestIdsOption('put an id of this many bytes before each packet (requestIds of the library)'),
    ...deliveryOption(['plain', ACKNOWLEDGED]),
    ...ACKNOWLEDGED_OPTIONS,
    ...PORT_OPTIONS,
  },
  help: `A port without NAME= is named by the last part of its path: ttyACM0. Its topics begin with BASE/BRIDGE/NAME.
Applications use them with MqttCommunicator of serial-communicator/mqtt; docs/mqtt.md describes them.

Examples:
  sercom bridge /dev/ttyACM0 --mqtt mqtt://localhost
  sercom bridge arm=usb:2341:0043 leg=/dev/ttyUSB0@9600 --mqtt mqtt://broker.lan --name bench
  sercom bridge /dev/ttyACM0 --mqtt mqtts://broker.lan --mqtt-user arm --mqtt-password-file ~/.mqtt-password
  sercom bridge /dev/ttyACM0 --mqtt mqtt://localhost --qos 1 --delivery acknowledged   (a device with link.h)
  sercom bridge @fleet --mqtt mqtt://localhost --await-port --await-broker             (as a service)
  sercom bridge sim: --mqtt mqtt://localhost`,
});

export type BridgeOptions = OptionsOf<(typeof definition)['options']>;
