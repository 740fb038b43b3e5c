# For the scripts here: `arguments LEAST MOST "$@"` shows the comment at the script's beginning for --help, and refuses options and any other number of
# arguments with exit code 2.
arguments() {
    local least=$1 most=$2 argument
    shift 2
    for argument in "$@"; do
        case $argument in
            -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;;
            -*) echo "$0: unknown option '$argument' (see --help)" >&2; exit 2 ;;
        esac
    done
    if [ $# -lt "$least" ] || [ $# -gt "$most" ]; then
        echo "$0: $# arguments, but it takes $least$([ "$least" -eq "$most" ] || echo " to $most") (see --help)" >&2
        exit 2
    fi
}
