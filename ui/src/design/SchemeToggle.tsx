// Light, dark, or as the system.
import { ActionIcon, Tooltip, useMantineColorScheme } from "@mantine/core";
import { Moon, Sun, SunMoon } from "lucide-react";
import { useTranslation } from "react-i18next";

const NEXT = { auto: "light", light: "dark", dark: "auto" } as const;
const ICONS = { auto: SunMoon, light: Sun, dark: Moon } as const;

export function SchemeToggle() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICONS[colorScheme];
  const label = `${t("nav.scheme")}: ${t(`nav.${colorScheme}`)}`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        aria-label={label}
        onClick={() => setColorScheme(NEXT[colorScheme])}
      >
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
