// The list of keys that do something.
import { Kbd, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./Shell.module.css";

const KEYS = [
  ["palette", ["Ctrl / ⌘", "K"]],
  ["help", ["?"]],
  ["goHome", ["g", "h"]],
  ["goTraces", ["g", "t"]],
  ["goModels", ["g", "m"]],
  ["filter", ["/"]],
  ["move", ["↑", "↓"]],
  ["open", ["Enter"]],
  ["next", ["J", "K"]],
  ["close", ["Esc"]],
] as const;

export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("keyboard.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <table className={classes.keys}>
        <tbody>
          {KEYS.map(([name, keys]) => (
            <tr key={name}>
              <td>{t(`keyboard.${name}`)}</td>
              <td>
                {keys.map((key) => (
                  <Kbd key={key} ml={4}>
                    {key}
                  </Kbd>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
